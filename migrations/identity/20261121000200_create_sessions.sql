-- Secrets are kept as SHA-256 only. A session is looked up within the firm whose host was asked, so that a secret of one
-- firm is nothing at another.
create table identity.sessions (
  tenant_id uuid not null,
  id uuid not null,
  person_id uuid not null,
  secret_hash bytea not null check (octet_length(secret_hash) = 32),
  form_secret text not null,
  user_agent text not null,
  address text not null,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, id),
  constraint sessions_secret unique (tenant_id, secret_hash),
  foreign key (tenant_id, person_id) references identity.people (tenant_id, id)
);
create index sessions_by_person on identity.sessions (tenant_id, person_id) where ended_at is null;
select portico.declare_table('identity.sessions', 'tenant');

-- A link has no secret until the mail that carries it is written.
create table identity.links (
  tenant_id uuid not null,
  id uuid not null,
  person_id uuid not null,
  purpose text not null check (purpose in ('invitation', 'sign_in')),
  account_id uuid,
  return_to text not null,
  reply_to_person_id uuid,
  message text not null,
  secret_hash bytea check (octet_length(secret_hash) = 32),
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  voided_at timestamptz,
  revoked boolean not null,
  primary key (tenant_id, id),
  constraint links_secret unique (tenant_id, secret_hash),
  check (not revoked or voided_at is not null),
  foreign key (tenant_id, person_id) references identity.people (tenant_id, id)
);
create index links_by_person on identity.links (tenant_id, person_id, purpose, issued_at desc);
create index links_invitations on identity.links (tenant_id, issued_at desc) where purpose = 'invitation';
select portico.declare_table('identity.links', 'tenant');

-- One row a counted try: a password for an address, a password from a network address, a link asked for.
create table identity.tries (
  tenant_id uuid not null,
  id uuid not null,
  kind text not null check (kind in ('password', 'address', 'link')),
  subject_hash bytea not null check (octet_length(subject_hash) = 32),
  at timestamptz not null,
  primary key (tenant_id, id)
);
create index tries_by_subject on identity.tries (tenant_id, kind, subject_hash, at);
create index tries_by_age on identity.tries (tenant_id, at);
select portico.declare_table('identity.tries', 'tenant');
