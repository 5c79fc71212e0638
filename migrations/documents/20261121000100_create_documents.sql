-- Documents and their immutable versions. The bytes lie in the vault; a row holds what is needed to open them.
create table documents.documents (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  -- For the firm's side only, such as a file of an internal note.
  internal boolean not null default false,
  kind text not null check (kind in ('upload', 'deliverable', 'contract', 'signed', 'attachment', 'record_file')),
  title text not null,
  record_id uuid,
  step_id uuid,
  -- A fresh attachment or record file belongs to nobody but its uploader until its owner binds it.
  bound boolean not null,
  created_by uuid not null,
  created_at timestamptz not null,
  primary key (tenant_id, id)
);
create index documents_by_account on documents.documents (tenant_id, account_id, created_at desc, id desc) where bound;
create index documents_by_step on documents.documents (tenant_id, step_id) where step_id is not null;
select portico.declare_table('documents.documents', 'account_internal');

create table documents.versions (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  internal boolean not null default false,
  document_id uuid not null,
  number integer not null check (number > 0),
  file_name text not null,
  media_type text not null,
  -- What the content is, in the words of the content rules: pdf, image, office, zip, text, html, svg, other.
  kind text not null,
  size bigint not null check (size >= 0),
  sha256 text not null,
  scan text not null check (scan in ('not_scanned', 'clean', 'infected')),
  pages integer not null default 0,
  -- The data key, wrapped by the tenant key `key_id`.
  key_id text not null,
  wrapped_key bytea not null,
  added_by uuid not null,
  added_by_name text not null,
  added_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, document_id, number),
  foreign key (tenant_id, document_id) references documents.documents (tenant_id, id)
);
select portico.declare_table('documents.versions', 'account_internal');
