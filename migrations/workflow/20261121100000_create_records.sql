-- The portals that this service runs, each with its newest version, and every version that a run may still need.
create table workflow.portals (
  tenant_id uuid not null,
  id uuid not null,
  name text not null,
  version integer not null,
  primary key (tenant_id, id)
);
select portico.declare_table('workflow.portals', 'tenant');

-- The body is text, since the order of keys is what people see.
create table workflow.definitions (
  tenant_id uuid not null,
  portal_id uuid not null,
  version integer not null,
  hash text not null,
  body text not null,
  primary key (tenant_id, portal_id, version),
  foreign key (tenant_id, portal_id) references workflow.portals (tenant_id, id)
);
select portico.declare_table('workflow.definitions', 'tenant');

-- Names of accounts, from tenancy's events.
create table workflow.accounts (
  tenant_id uuid not null,
  account_id uuid not null,
  name text not null,
  primary key (tenant_id, account_id)
);
select portico.declare_table('workflow.accounts', 'account');

create table workflow.records (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  portal_id uuid not null,
  kind text not null,
  number text,
  title text not null,
  state text,
  -- Counts the states that the record has entered: a trigger starts one run for each.
  entries integer not null default 0,
  fields jsonb not null,
  -- Names of the people, records and files in the fields, as they were when the fields were set.
  labels jsonb not null,
  version integer not null default 1,
  created_by uuid,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, portal_id) references workflow.portals (tenant_id, id)
);
create index records_by_account on workflow.records (tenant_id, account_id, portal_id, kind, id desc);
create index records_by_kind on workflow.records (tenant_id, portal_id, kind, id desc);
select portico.declare_table('workflow.records', 'account');

-- The staff whom a record names: whoever has a role of scope "assigned" sees these records. A table, since the containment
-- operators of arrays and documents are not leakproof and would lose their index under row-level security.
create table workflow.record_people (
  tenant_id uuid not null,
  account_id uuid not null,
  record_id uuid not null,
  person_id uuid not null,
  primary key (tenant_id, person_id, record_id),
  foreign key (tenant_id, record_id) references workflow.records (tenant_id, id) on delete cascade
);
create index record_people_by_record on workflow.record_people (tenant_id, record_id);
select portico.declare_table('workflow.record_people', 'account');

-- Values that may stand only once. The scope is the account, or the firm's own id for values that are unique in the firm.
create table workflow.record_values (
  tenant_id uuid not null,
  account_id uuid not null,
  record_id uuid not null,
  portal_id uuid not null,
  kind text not null,
  field text not null,
  scope_id uuid not null,
  value text not null,
  primary key (tenant_id, record_id, field),
  constraint record_values_once unique (tenant_id, portal_id, kind, field, scope_id, value),
  foreign key (tenant_id, record_id) references workflow.records (tenant_id, id) on delete cascade
);
select portico.declare_table('workflow.record_values', 'account');

-- The last number of each kind. A row and no sequence: a number that was given in a transaction that failed is given again.
create table workflow.record_counters (
  tenant_id uuid not null,
  portal_id uuid not null,
  kind text not null,
  last_number bigint not null,
  primary key (tenant_id, portal_id, kind)
);
select portico.declare_table('workflow.record_counters', 'tenant');

-- What a repeated command answers.
create table workflow.idempotency_keys (
  tenant_id uuid not null,
  command text not null,
  actor text not null,
  key text not null,
  object_id uuid not null,
  event text not null,
  created_at timestamptz not null,
  primary key (tenant_id, command, actor, key)
);
select portico.declare_table('workflow.idempotency_keys', 'tenant');
