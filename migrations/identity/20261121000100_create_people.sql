create table identity.people (
  tenant_id uuid not null,
  id uuid not null,
  email text not null,
  name text not null,
  side text not null check (side in ('staff', 'external')),
  language text not null check (language in ('en', 'de')),
  time_zone text not null,
  active boolean not null,
  joined_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  constraint people_email unique (tenant_id, email)
);
create index people_by_name on identity.people (tenant_id, lower(name), id);
select portico.declare_table('identity.people', 'tenant');

create table identity.credentials (
  tenant_id uuid not null,
  person_id uuid not null,
  phc text not null,
  set_at timestamptz not null,
  primary key (tenant_id, person_id),
  foreign key (tenant_id, person_id) references identity.people (tenant_id, id)
);
select portico.declare_table('identity.credentials', 'tenant');
