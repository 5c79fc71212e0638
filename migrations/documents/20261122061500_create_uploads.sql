-- Uploads that come in several goes (tus). The bytes that have come lie in the vault; a row says whose they are and where they go.
-- It stays until it expires, so that somebody whose connection broke at the very end still learns that all has come.
create table documents.uploads (
  tenant_id uuid not null,
  -- The id of the version whose bytes these will be.
  id uuid not null,
  -- The account that the file is for.
  account_id uuid not null,
  -- Whose upload it is: nobody else touches it. Beside them, who really acts where the firm sees the portal as that person.
  person_id uuid not null,
  impersonator_id uuid not null,
  target text not null check (target in ('item', 'deliverable', 'attachment', 'record_file')),
  target_id uuid not null,
  document_id uuid not null,
  file_name text not null,
  size bigint not null check (size > 0),
  -- What had come when the last go ended. While one is under way there is more.
  received bigint not null default 0 check (received between 0 and size),
  key_id text not null,
  wrapped_key bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  -- One go at a time: its holder, and until when it is alive without saying so again.
  holder uuid,
  held_until timestamptz,
  -- What came of it, once all was there: the answer of an upload, or why the file was refused.
  answer jsonb,
  refusal text,
  primary key (tenant_id, id),
  check (answer is null or refusal is null)
);
create index uploads_by_expiry on documents.uploads (expires_at);
create index uploads_by_person on documents.uploads (tenant_id, person_id) where answer is null and refusal is null;
select portico.declare_table('documents.uploads', 'account', relay_reads => true);
