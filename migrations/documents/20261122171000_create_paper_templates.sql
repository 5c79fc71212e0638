-- Papers that the firm has signed again and again: a PDF with its places, those who sign it, and how.
create table documents.paper_templates (
  tenant_id uuid not null,
  id uuid not null,
  title text not null check (char_length(title) between 1 and 120),
  -- The title as it is compared and sorted.
  title_key text collate "C" not null,
  level text not null check (level in ('sign', 'acknowledge')),
  -- 0 for what the step says.
  sign_within_days integer not null check (sign_within_days between 0 and 365),
  -- A list of objects in the order of signing: id, title, side, part, turn.
  roles jsonb not null,
  -- A list of objects in the order of reading: page, area, kind, role, required, label, choices.
  fields jsonb not null,
  -- Names the bytes in the vault.
  version_id uuid not null,
  file_name text not null,
  size bigint not null,
  sha256 text not null,
  pages integer not null,
  key_id text not null,
  wrapped_key bytea not null,
  created_by uuid not null,
  created_at timestamptz not null,
  -- Counts its changes.
  version integer not null check (version > 0),
  -- How many envelopes took it.
  uses integer not null default 0 check (uses >= 0),
  archived_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, title_key),
  unique (tenant_id, version_id)
);
select portico.declare_table('documents.paper_templates', 'internal');
