create table messaging.notifications (
  tenant_id uuid not null,
  id uuid not null,
  person_id uuid not null,
  account_id uuid,
  thread_id uuid,
  subject text not null,
  body text not null,
  link text not null,
  created_at timestamptz not null,
  read_at timestamptz,
  primary key (tenant_id, id)
);
create index notifications_by_person on messaging.notifications (tenant_id, person_id, created_at desc, id desc);
create index notifications_unread on messaging.notifications (tenant_id, person_id) where read_at is null;
select portico.declare_table('messaging.notifications', 'tenant');

-- Whom a notice has reached: the same one never reaches a person twice.
create table messaging.told (
  tenant_id uuid not null,
  dedupe_key text not null,
  person_id uuid not null,
  told_at timestamptz not null,
  primary key (tenant_id, dedupe_key, person_id)
);
select portico.declare_table('messaging.told', 'internal');
