-- What people say about documents of the library, at a place of a page or about the whole.
create table documents.comments (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  -- For the firm's side only.
  internal boolean not null default false,
  document_id uuid not null,
  version_id uuid not null,
  -- The comment that began the thread; none for that one itself.
  thread_id uuid,
  -- Where it points to, in parts of the page.
  page integer check (page between 1 and 100000),
  area double precision[] check (cardinality(area) = 4),
  text text not null check (char_length(text) <= 4000),
  mentions uuid[] not null default '{}' check (cardinality(mentions) <= 20),
  mentioned text[] not null default '{}',
  -- What the form was sent with: a repeat writes no second comment.
  idempotency_key text not null default '',
  author_id uuid not null,
  author_name text not null,
  by_staff boolean not null,
  created_at timestamptz not null,
  settled_at timestamptz,
  settled_by_name text not null default '',
  removed_at timestamptz,
  primary key (tenant_id, id),
  check ((page is null) = (area is null)),
  check (thread_id is null or (page is null and settled_at is null)),
  check ((text = '') = (removed_at is not null)),
  foreign key (tenant_id, thread_id) references documents.comments (tenant_id, id) on delete cascade,
  foreign key (tenant_id, version_id) references documents.versions (tenant_id, id) on delete cascade
);
create index comments_by_document on documents.comments (tenant_id, document_id, created_at, id);
create index comments_by_version on documents.comments (tenant_id, version_id);
create index comments_by_thread on documents.comments (tenant_id, thread_id) where thread_id is not null;
create unique index comments_by_key on documents.comments (tenant_id, author_id, document_id, idempotency_key)
  where idempotency_key <> '';
select portico.declare_table('documents.comments', 'account_internal');
