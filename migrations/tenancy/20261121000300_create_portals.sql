create table tenancy.portals (
  tenant_id uuid not null,
  id uuid not null,
  name text not null,
  version integer not null check (version > 0),
  created_at timestamptz not null,
  primary key (tenant_id, id),
  constraint portals_name unique (tenant_id, name)
);
select portico.declare_table('tenancy.portals', 'internal');

-- The definition is json, not jsonb: people see fields and steps in the order in which they were written.
create table tenancy.portal_versions (
  tenant_id uuid not null,
  portal_id uuid not null,
  version integer not null check (version > 0),
  title text not null,
  audience text not null,
  hash text not null,
  yaml text not null,
  definition json not null,
  published_by uuid,
  published_at timestamptz not null,
  primary key (tenant_id, portal_id, version),
  foreign key (tenant_id, portal_id) references tenancy.portals (tenant_id, id)
);
select portico.declare_table('tenancy.portal_versions', 'internal');
