-- The rows of requests for documents as documents tells of them, so that what is outstanding can be listed over all accounts.
create table workflow.request_rows (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  step_id uuid not null,
  run_id uuid not null,
  record_id uuid not null,
  portal_id uuid not null,
  record_kind text not null,
  position integer not null,
  name text not null,
  -- The names of the row and of its request as they are searched.
  words text not null,
  state text not null check (state in ('needed', 'checking', 'accepted', 'returned', 'not_available')),
  -- Whom it waits for; nothing where nobody has to do anything about it.
  waits_for text check (waits_for in ('client', 'us')),
  since timestamptz not null,
  -- Kept with the step: its due date, and whether it is open in a run that goes on.
  due timestamptz,
  sorted_at timestamptz not null generated always as (coalesce(due, 'infinity'::timestamptz)) stored,
  listed boolean not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, step_id) references workflow.run_steps (tenant_id, id) on delete cascade
);
create index request_rows_by_step on workflow.request_rows (tenant_id, step_id);
create index request_rows_outstanding on workflow.request_rows (tenant_id, sorted_at, step_id, position)
  where listed and waits_for is not null;
select portico.declare_table('workflow.request_rows', 'account');

-- SHA-256 of what a command was sent with, where a repeat with anything else is refused.
alter table workflow.idempotency_keys add column body_hash bytea;

-- Requests that are open already: a timer each has documents asked for their rows, after an hour: the release before this one, which may
-- still run, clears timers of a kind that it does not know. The owner sees rows only while they are not forced.
alter table workflow.run_steps no force row level security;
alter table workflow.timers no force row level security;
insert into workflow.timers (tenant_id, step_id, kind, run_id, account_id, due_at)
select tenant_id, id, 'rows', run_id, account_id, now() + interval '1 hour' from workflow.run_steps
where body ->> 'kind' = 'document_request' and state in ('ready', 'active', 'returned')
on conflict do nothing;
alter table workflow.run_steps force row level security;
alter table workflow.timers force row level security;
