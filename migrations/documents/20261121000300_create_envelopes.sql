-- Files that definitions name, uploaded by the firm.
create table documents.templates (
  tenant_id uuid not null,
  path text not null,
  -- Names the bytes in the vault; a new upload replaces it.
  version_id uuid not null,
  file_name text not null,
  size bigint not null,
  sha256 text not null,
  pages integer not null,
  key_id text not null,
  wrapped_key bytea not null,
  uploaded_by uuid not null,
  uploaded_at timestamptz not null,
  primary key (tenant_id, path)
);
select portico.declare_table('documents.templates', 'internal');

-- A document with the people who sign it. The original is a copy of the template as it was when the envelope was made.
create table documents.envelopes (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  run_id uuid not null,
  step_id uuid not null,
  attempt integer not null,
  record_id uuid not null,
  title text not null,
  state text not null check (state in ('open', 'completed', 'declined', 'withdrawn')),
  reason text not null default '',
  fields json not null,
  original_version_id uuid not null,
  signed_version_id uuid,
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, id),
  -- A declined envelope stays; the step's next attempt has one of its own.
  unique (tenant_id, step_id, attempt),
  foreign key (tenant_id, original_version_id) references documents.versions (tenant_id, id),
  foreign key (tenant_id, signed_version_id) references documents.versions (tenant_id, id)
);
select portico.declare_table('documents.envelopes', 'account');

create table documents.signers (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  envelope_id uuid not null,
  place integer not null,
  role text not null,
  role_title text not null,
  side text not null check (side in ('internal', 'external')),
  state text not null check (state in ('waiting', 'ready', 'signed', 'declined')),
  person_id uuid,
  person_name text not null default '',
  email text not null default '',
  -- How it was known who they are, in words for the certificate.
  identified text not null default '',
  typed_name text not null default '',
  drawn bytea,
  consented_at timestamptz,
  signed_at timestamptz,
  sha256_read text not null default '',
  address text not null default '',
  user_agent text not null default '',
  primary key (tenant_id, id),
  unique (tenant_id, envelope_id, place),
  foreign key (tenant_id, envelope_id) references documents.envelopes (tenant_id, id)
);
select portico.declare_table('documents.signers', 'account');
