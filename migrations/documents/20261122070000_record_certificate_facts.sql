-- What the certificate of completion says beside the signatures.
alter table documents.signers
  -- When they were asked: when their turn came.
  add column sent_at timestamptz,
  -- When the document's pages were first shown to somebody who could sign in this place.
  add column opened_at timestamptz,
  -- The sentence that they agreed to, as they read it.
  add column consent_text text not null default '';

alter table documents.envelopes
  -- PAdES baseline level of the seal: B-B or B-T; empty before there is one.
  add column seal_level text not null default '' check (seal_level in ('', 'B-B', 'B-T')),
  -- Why it is no higher level than it is, for the firm's operator.
  add column seal_note text not null default '',
  -- SHA-256 of the certificate that sealed.
  add column seal_fingerprint bytea;

-- What happened to an envelope, each entry bound to the one before by its hash. Rows are only ever added.
create table documents.envelope_events (
  tenant_id uuid not null,
  account_id uuid not null,
  envelope_id uuid not null,
  number integer not null,
  at timestamptz not null,
  kind text not null,
  -- Who or what about, as the certificate prints it.
  text text not null,
  person_id uuid,
  sha256 text not null,
  primary key (tenant_id, envelope_id, number),
  foreign key (tenant_id, envelope_id) references documents.envelopes (tenant_id, id)
);
select portico.declare_table('documents.envelope_events', 'account');

-- The certificates that files of a firm were sealed with: public ones, and needed as long as the files are.
create table documents.seal_certificates (
  tenant_id uuid not null,
  -- SHA-256 of the certificate.
  fingerprint bytea not null,
  certificate bytea not null,
  subject text not null,
  development boolean not null,
  first_used_at timestamptz not null,
  primary key (tenant_id, fingerprint)
);
select portico.declare_table('documents.seal_certificates', 'tenant');
