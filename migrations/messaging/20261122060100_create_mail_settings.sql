-- How a firm's mail leaves. A firm without a row uses what the installation has.
create table messaging.mail_settings (
  tenant_id uuid not null,
  server_host text not null,
  server_port integer not null check (server_port between 0 and 65535),
  server_security text not null check (server_security in ('tls', 'starttls', 'none')),
  server_user text not null,
  -- Sealed under the firm's key; it is opened to sign in to the server and never shown.
  server_password bytea,
  from_name text not null,
  from_address text not null,
  inbound_address text not null,
  -- How long a notice is held before it is mailed; null for the installation's own.
  hold_seconds integer check (hold_seconds between 0 and 3600),
  hide_contents boolean not null,
  -- SHA-256 of the secret that opens the intake.
  intake_secret bytea,
  -- Signs the addresses under and of the firm's mails; sealed under the firm's key.
  token_key bytea not null,
  version integer not null,
  updated_at timestamptz not null,
  primary key (tenant_id)
);
select portico.declare_table('messaging.mail_settings', 'internal');

-- The keys that sign a firm's mail. The private half is sealed under the firm's key and forgotten when the key retires.
create table messaging.dkim_keys (
  tenant_id uuid not null,
  id uuid not null,
  domain text not null,
  selector text not null,
  algorithm text not null check (algorithm in ('rsa', 'ed25519')),
  public_key text not null,
  private_key bytea,
  state text not null check (state in ('pending', 'active', 'retired')),
  created_at timestamptz not null,
  activated_at timestamptz,
  retired_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, domain, selector),
  check ((private_key is null) = (state = 'retired'))
);
create unique index dkim_keys_active on messaging.dkim_keys (tenant_id, domain) where state = 'active';
create unique index dkim_keys_pending on messaging.dkim_keys (tenant_id, domain) where state = 'pending';
select portico.declare_table('messaging.dkim_keys', 'internal');
