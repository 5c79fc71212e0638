-- An account's own row carries its id twice, so that it stands on the floor of accounts like everything that is its own.
create table tenancy.accounts (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null check (account_id = id),
  name text not null,
  kind text not null check (kind in ('client', 'partner', 'vendor', 'contractor', 'applicant')),
  idempotency_key text,
  version integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  constraint accounts_idempotency_key unique (tenant_id, idempotency_key)
);
create index accounts_by_name on tenancy.accounts (tenant_id, lower(name), id);
select portico.declare_table('tenancy.accounts', 'account');

create table tenancy.memberships (
  tenant_id uuid not null,
  account_id uuid not null,
  person_id uuid not null,
  created_at timestamptz not null,
  primary key (tenant_id, account_id, person_id),
  foreign key (tenant_id, account_id) references tenancy.accounts (tenant_id, id)
);
create index memberships_by_person on tenancy.memberships (tenant_id, person_id);
select portico.declare_table('tenancy.memberships', 'account');

-- One row a role, since people are listed in the order in which they were given it.
create table tenancy.membership_roles (
  tenant_id uuid not null,
  account_id uuid not null,
  person_id uuid not null,
  role text not null,
  given_at timestamptz not null,
  primary key (tenant_id, account_id, person_id, role),
  foreign key (tenant_id, account_id, person_id) references tenancy.memberships (tenant_id, account_id, person_id) on delete cascade
);
create index membership_roles_by_role on tenancy.membership_roles (tenant_id, account_id, role, given_at);
select portico.declare_table('tenancy.membership_roles', 'account');

create table tenancy.staff (
  tenant_id uuid not null,
  person_id uuid not null,
  created_at timestamptz not null,
  primary key (tenant_id, person_id)
);
select portico.declare_table('tenancy.staff', 'internal');

create table tenancy.staff_roles (
  tenant_id uuid not null,
  person_id uuid not null,
  role text not null,
  given_at timestamptz not null,
  primary key (tenant_id, person_id, role),
  foreign key (tenant_id, person_id) references tenancy.staff (tenant_id, person_id) on delete cascade
);
create index staff_roles_by_role on tenancy.staff_roles (tenant_id, role, given_at);
select portico.declare_table('tenancy.staff_roles', 'internal');
