-- What a signer has typed and drawn before signing, so that nobody does it twice. It is the signer's alone: read for that person
-- only, and sealed by the firm's key, so that nobody reads it in the rows either. It goes once they have signed or declined, their
-- time is over, somebody else was named, or the envelope has ended.
create table documents.signing_drafts (
  tenant_id uuid not null,
  signer_id uuid not null,
  account_id uuid not null,
  envelope_id uuid not null,
  person_id uuid not null,
  sealed bytea not null check (octet_length(sealed) <= 1048576),
  saved_at timestamptz not null,
  primary key (tenant_id, signer_id, person_id),
  foreign key (tenant_id, signer_id) references documents.signers (tenant_id, id) on delete cascade
);
create index signing_drafts_by_envelope on documents.signing_drafts (tenant_id, envelope_id);
select portico.declare_table('documents.signing_drafts', 'account');
