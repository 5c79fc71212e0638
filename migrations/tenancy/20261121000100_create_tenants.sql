-- A firm's own row carries its id twice, so that the key has the form of every other key.
create table tenancy.tenants (
  tenant_id uuid not null,
  id uuid not null check (id = tenant_id),
  slug text not null check (slug ~ '^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$'),
  name text not null,
  colour text not null check (colour ~ '^#[0-9a-f]{6}$'),
  logo_hash text not null,
  time_zone text not null,
  language text not null check (language in ('en', 'de')),
  sender_address text not null,
  allow_unscanned_files boolean not null,
  idempotency_key text not null,
  version integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);
-- Unique over all firms, and no oracle: only the system, before a firm is known, ever writes a slug.
create unique index tenants_slug on tenancy.tenants (slug);
select portico.declare_table('tenancy.tenants', 'tenant', relay_reads => true);

create table tenancy.hosts (
  tenant_id uuid not null,
  host text not null,
  created_at timestamptz not null,
  primary key (tenant_id, host),
  foreign key (tenant_id, tenant_id) references tenancy.tenants (tenant_id, id)
);
-- Unique over all firms for the same reason: a host leads to one firm.
create unique index hosts_host on tenancy.hosts (host);
select portico.declare_table('tenancy.hosts', 'tenant', relay_reads => true);

create table tenancy.logos (
  tenant_id uuid not null primary key,
  media_type text not null check (media_type in ('image/png', 'image/jpeg', 'image/webp')),
  bytes bytea not null check (octet_length(bytes) <= 524288),
  foreign key (tenant_id, tenant_id) references tenancy.tenants (tenant_id, id)
);
select portico.declare_table('tenancy.logos', 'tenant');

create table tenancy.holidays (
  tenant_id uuid not null,
  day date not null,
  primary key (tenant_id, day),
  foreign key (tenant_id, tenant_id) references tenancy.tenants (tenant_id, id)
);
select portico.declare_table('tenancy.holidays', 'tenant');
