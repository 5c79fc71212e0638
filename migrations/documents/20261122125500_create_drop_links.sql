-- Links by which somebody without an account hands files in. Who has one sees its page and nothing else.
create table documents.drop_links (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  -- People of accounts know of no link, also not of those to their own folders.
  internal boolean not null default true check (internal),
  folder_id uuid not null,
  -- SHA-256 of the secret in its address. The secret itself is nowhere.
  token_hash bytea not null check (octet_length(token_hash) = 32),
  -- What the maker's form was sent with: a repeat makes no second link.
  idempotency_key text not null default '',
  title text not null check (char_length(title) between 1 and 120),
  note text not null default '' check (char_length(note) <= 1000),
  most_files integer not null check (most_files between 1 and 500),
  files integer not null default 0 check (files between 0 and most_files),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  created_by uuid not null,
  created_by_name text not null,
  created_at timestamptz not null,
  -- When the last file came.
  last_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, token_hash),
  check (expires_at > created_at and expires_at <= created_at + interval '90 days'),
  foreign key (tenant_id, folder_id) references documents.folders (tenant_id, id) on delete cascade
);
create index drop_links_by_folder on documents.drop_links (tenant_id, folder_id, created_at desc, id desc);
create unique index drop_links_by_key on documents.drop_links (tenant_id, created_by, folder_id, idempotency_key)
  where idempotency_key <> '';
select portico.declare_table('documents.drop_links', 'account_internal');
