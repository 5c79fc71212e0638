-- Who of the firm approves in whose place, and until when. Ended ones are kept: they say by what right something was approved.
create table workflow.delegations (
  tenant_id uuid not null,
  id uuid not null,
  from_person uuid not null,
  from_name text not null,
  to_person uuid not null,
  to_name text not null,
  -- What the first approves by, as of when they asked.
  roles text[] not null,
  until timestamptz not null,
  reason text not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, id)
);
create index delegations_to on workflow.delegations (tenant_id, to_person, until);
create index delegations_from on workflow.delegations (tenant_id, from_person, until);
select portico.declare_table('workflow.delegations', 'internal');
