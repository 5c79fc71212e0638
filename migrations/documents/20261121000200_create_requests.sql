-- A request is what a document_request step asks for; an item is one of its rows.
create table documents.requests (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  run_id uuid not null,
  step_id uuid not null,
  attempt integer not null,
  record_id uuid not null,
  title text not null,
  state text not null check (state in ('open', 'fulfilled', 'withdrawn')),
  -- Whether the firm accepts each row; otherwise what is uploaded counts as accepted.
  reviewed boolean not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, step_id)
);
select portico.declare_table('documents.requests', 'account');

create table documents.items (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  request_id uuid not null,
  position integer not null,
  name text not null,
  why text not null default '',
  accept text[] not null,
  min_files integer not null,
  max_files integer not null,
  max_bytes bigint not null,
  state text not null check (state in ('needed', 'checking', 'accepted', 'returned', 'not_available')),
  reason text not null default '',
  primary key (tenant_id, id),
  unique (tenant_id, request_id, position),
  foreign key (tenant_id, request_id) references documents.requests (tenant_id, id)
);
select portico.declare_table('documents.items', 'account');

create table documents.item_files (
  tenant_id uuid not null,
  account_id uuid not null,
  item_id uuid not null,
  version_id uuid not null,
  added_at timestamptz not null,
  -- Files from before the row was returned stay in the history.
  superseded boolean not null default false,
  primary key (tenant_id, item_id, version_id),
  foreign key (tenant_id, item_id) references documents.items (tenant_id, id),
  foreign key (tenant_id, version_id) references documents.versions (tenant_id, id)
);
create index item_files_by_version on documents.item_files (tenant_id, version_id);
select portico.declare_table('documents.item_files', 'account');

-- What an approval step is about: the firm hands it over, version by version.
create table documents.deliverables (
  tenant_id uuid not null,
  account_id uuid not null,
  step_id uuid not null,
  run_id uuid not null,
  attempt integer not null,
  record_id uuid not null,
  title text not null,
  document_id uuid,
  state text not null check (state in ('open', 'withdrawn')),
  created_at timestamptz not null,
  primary key (tenant_id, step_id),
  foreign key (tenant_id, document_id) references documents.documents (tenant_id, id)
);
select portico.declare_table('documents.deliverables', 'account');
