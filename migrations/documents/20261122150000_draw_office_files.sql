-- Office files as PDF, so that their pages can be shown.
create table documents.renditions (
  tenant_id uuid not null,
  version_id uuid not null,
  -- The PDF's own bytes in the vault.
  id uuid not null,
  size bigint not null check (size > 0),
  sha256 text not null,
  -- The data key, wrapped by the tenant key `key_id`.
  key_id text not null,
  wrapped_key bytea not null,
  primary key (tenant_id, version_id),
  unique (tenant_id, id),
  foreign key (tenant_id, version_id) references documents.versions (tenant_id, id) on delete cascade
);
select portico.declare_table('documents.renditions', 'tenant');

-- Versions that have still to be drawn. A row goes with the rendition, or when there will be none.
create table documents.drawings (
  tenant_id uuid not null,
  version_id uuid not null,
  -- When it is tried, or tried again; while it is drawn, when that is taken for lost.
  due_at timestamptz not null,
  attempts integer not null default 0,
  primary key (tenant_id, version_id),
  foreign key (tenant_id, version_id) references documents.versions (tenant_id, id) on delete cascade
);
create index drawings_by_due on documents.drawings (due_at);
select portico.declare_table('documents.drawings', 'tenant', relay_reads => true);

insert into documents.drawings (tenant_id, version_id, due_at)
select tenant_id, id, added_at from documents.versions where kind = 'office';
