-- How addresses stand that something came back from. An address without a row is fine; whoever changes their address begins anew.
create table messaging.mail_addresses (
  tenant_id uuid not null,
  address text not null,
  standing text not null check (standing in ('fine', 'undeliverable', 'complained')),
  soft_bounces integer not null check (soft_bounces >= 0),
  reason text not null,
  changed_at timestamptz not null,
  primary key (tenant_id, address)
);
select portico.declare_table('messaging.mail_addresses', 'internal');

-- What came back: bounces and complaints, matched to their mails by the signed address that they came to.
create table messaging.mail_bounces (
  tenant_id uuid not null,
  id uuid not null,
  mail_id uuid,
  person_id uuid,
  address text not null,
  kind text not null check (kind in ('hard', 'soft', 'complaint')),
  status text not null,
  detail text not null,
  received_at timestamptz not null,
  -- SHA-256 of the report: the same one never counts twice.
  digest bytea not null,
  primary key (tenant_id, id),
  constraint mail_bounces_digest unique (tenant_id, digest)
);
create index mail_bounces_by_time on messaging.mail_bounces (tenant_id, received_at desc, id desc);
create index mail_bounces_by_person on messaging.mail_bounces (tenant_id, person_id, received_at desc, id desc);
select portico.declare_table('messaging.mail_bounces', 'internal');
