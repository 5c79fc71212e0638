create table workflow.runs (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  portal_id uuid not null,
  portal_version integer not null,
  workflow text not null,
  record_id uuid not null,
  record_kind text not null,
  -- Which of the record's entries into a state started it.
  entry integer not null,
  state text not null,
  reason text not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  version integer not null,
  -- The run, whole, as the facts in run_events make it.
  body jsonb not null,
  primary key (tenant_id, id),
  constraint runs_once unique (tenant_id, record_id, workflow, entry),
  foreign key (tenant_id, record_id) references workflow.records (tenant_id, id),
  foreign key (tenant_id, portal_id, portal_version) references workflow.definitions (tenant_id, portal_id, version)
);
create index runs_by_account on workflow.runs (tenant_id, account_id, id desc);
create index runs_newest on workflow.runs (tenant_id, id desc);
select portico.declare_table('workflow.runs', 'account');

create table workflow.run_events (
  tenant_id uuid not null,
  run_id uuid not null,
  seq integer not null,
  account_id uuid not null,
  at timestamptz not null,
  body jsonb not null,
  primary key (tenant_id, run_id, seq),
  foreign key (tenant_id, run_id) references workflow.runs (tenant_id, id)
);
select portico.declare_table('workflow.run_events', 'account');

-- The steps as lists need them; the truth is the body of the run, written in the same transaction.
create table workflow.run_steps (
  tenant_id uuid not null,
  id uuid not null,
  run_id uuid not null,
  account_id uuid not null,
  record_id uuid not null,
  portal_id uuid not null,
  record_kind text not null,
  place integer not null,
  state text not null,
  -- Somebody can act, in a run that goes on.
  open boolean not null,
  side text not null,
  client_visible boolean not null,
  due timestamptz,
  activated_at timestamptz,
  ended_at timestamptz,
  body jsonb not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, run_id) references workflow.runs (tenant_id, id)
);
create index run_steps_by_run on workflow.run_steps (tenant_id, run_id, place);
create index run_steps_open_by_account on workflow.run_steps (tenant_id, account_id, due nulls last, id) where open;
create index run_steps_open on workflow.run_steps (tenant_id, due nulls last, id) where open;
create index run_steps_ended on workflow.run_steps (tenant_id, account_id, ended_at desc) where ended_at is not null;
select portico.declare_table('workflow.run_steps', 'account');

-- Whose turn an open step is: one row for each person or role that may act.
create table workflow.turns (
  tenant_id uuid not null,
  step_id uuid not null,
  party text not null,
  account_id uuid not null,
  due timestamptz,
  primary key (tenant_id, step_id, party),
  foreign key (tenant_id, step_id) references workflow.run_steps (tenant_id, id) on delete cascade
);
create index turns_by_party on workflow.turns (tenant_id, party, due nulls last, step_id);
select portico.declare_table('workflow.turns', 'account');

create table workflow.milestones (
  tenant_id uuid not null,
  run_id uuid not null,
  key text not null,
  account_id uuid not null,
  reached_at timestamptz,
  estimate timestamptz,
  first_estimate timestamptz,
  primary key (tenant_id, run_id, key),
  foreign key (tenant_id, run_id) references workflow.runs (tenant_id, id)
);
select portico.declare_table('workflow.milestones', 'account');

-- Moments at which a run is to be woken. Whoever fires one holds a lease; the fence tells a late holder from the present one.
create table workflow.timers (
  tenant_id uuid not null,
  step_id uuid not null,
  kind text not null,
  run_id uuid not null,
  account_id uuid not null,
  due_at timestamptz not null,
  locked_until timestamptz,
  fence bigint not null default 0,
  primary key (tenant_id, step_id, kind),
  foreign key (tenant_id, run_id) references workflow.runs (tenant_id, id)
);
create index timers_due on workflow.timers (due_at);
select portico.declare_table('workflow.timers', 'account', relay_reads => true);
