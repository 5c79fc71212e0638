-- Whom identity has deactivated. Their places and roles are kept, and count for nothing as long as they stand here.
create table tenancy.deactivated_people (
  tenant_id uuid not null,
  person_id uuid not null,
  since timestamptz not null,
  primary key (tenant_id, person_id)
);
select portico.declare_table('tenancy.deactivated_people', 'tenant');
