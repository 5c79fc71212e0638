-- What concerns no account has the account of all zeroes, which nobody is a member of, and is always internal.
create table tenancy.audit_entries (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  internal boolean not null,
  at timestamptz not null,
  actor_kind text not null,
  actor_id uuid,
  actor_name text not null,
  address text not null,
  action text not null,
  object_kind text not null,
  object_id text not null,
  object_label text not null,
  version text not null,
  details json not null,
  primary key (tenant_id, id),
  check (internal or account_id <> '00000000-0000-0000-0000-000000000000')
);
create index audit_entries_by_time on tenancy.audit_entries (tenant_id, at desc, id desc);
create index audit_entries_by_account on tenancy.audit_entries (tenant_id, account_id, at desc, id desc);
create index audit_entries_by_object on tenancy.audit_entries (tenant_id, object_id, at desc, id desc);
create index audit_entries_by_actor on tenancy.audit_entries (tenant_id, actor_id, at desc, id desc);
select portico.declare_table('tenancy.audit_entries', 'account_internal');
-- The log only grows.
revoke update, delete on tenancy.audit_entries from portico_tenancy;
