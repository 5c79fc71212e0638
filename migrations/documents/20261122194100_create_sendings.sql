-- Papers that the firm sent to many accounts at once, each as it was when it went out: what is changed of its template later is not sent.
create table documents.sendings (
  tenant_id uuid not null,
  id uuid not null,
  paper_template_id uuid not null,
  -- What the accounts are asked to do.
  title text not null check (char_length(title) between 1 and 200),
  -- What the paper is called.
  paper_title text not null,
  level text not null check (level in ('sign', 'acknowledge')),
  -- 0 for no end.
  sign_within_days integer not null check (sign_within_days between 0 and 365),
  roles jsonb not null,
  fields jsonb not null,
  due timestamptz,
  created_by uuid not null,
  created_by_name text not null,
  created_at timestamptz not null,
  idempotency_key text not null,
  -- SHA-256 of what was asked for with the key.
  body_hash bytea not null,
  primary key (tenant_id, id),
  unique (tenant_id, created_by, idempotency_key),
  foreign key (tenant_id, paper_template_id) references documents.paper_templates (tenant_id, id)
);
create index sendings_by_template on documents.sendings (tenant_id, paper_template_id, created_at desc, id desc);
select portico.declare_table('documents.sendings', 'internal');

-- One account's paper. How it goes on stands in its envelope, found by the step; the people of the account never see this row.
create table documents.sending_rows (
  tenant_id uuid not null,
  sending_id uuid not null,
  account_id uuid not null,
  account_name text not null,
  internal boolean not null default true check (internal),
  -- The step that workflow makes for it, named ahead.
  step_id uuid not null,
  -- A list of objects in the order of the roles: role, person, name.
  signers jsonb not null,
  state text not null check (state in ('asked', 'failed')),
  -- A word for why it failed.
  reason text not null default '',
  primary key (tenant_id, sending_id, account_id),
  unique (tenant_id, step_id),
  foreign key (tenant_id, sending_id) references documents.sendings (tenant_id, id)
);
select portico.declare_table('documents.sending_rows', 'account_internal');
