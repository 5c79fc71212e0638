-- One conversation a record.
create table messaging.threads (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  record_id uuid not null,
  title text not null,
  account_name text not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, record_id),
  -- What belongs to a thread refers to it together with its account, so that it cannot stray to another.
  unique (tenant_id, id, account_id)
);
select portico.declare_table('messaging.threads', 'account');

create table messaging.messages (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  thread_id uuid not null,
  internal boolean not null,
  author_id uuid not null,
  author_name text not null,
  author_kind text not null check (author_kind in ('client', 'staff')),
  body text not null check (char_length(body) <= 10000),
  idempotency_key text,
  posted_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, id, account_id, internal),
  constraint messages_idempotency_key unique (tenant_id, author_id, idempotency_key),
  foreign key (tenant_id, thread_id, account_id) references messaging.threads (tenant_id, id, account_id),
  check (not internal or author_kind = 'staff')
);
create index messages_by_thread on messaging.messages (tenant_id, thread_id, posted_at desc, id desc);
select portico.declare_table('messaging.messages', 'account_internal');

-- The foreign key holds the flag, so that a file of an internal note is as internal as the note.
create table messaging.attachments (
  tenant_id uuid not null,
  document_id uuid not null,
  account_id uuid not null,
  message_id uuid not null,
  internal boolean not null,
  place smallint not null,
  version_id uuid not null,
  file_name text not null,
  size bigint not null,
  primary key (tenant_id, document_id),
  foreign key (tenant_id, message_id, account_id, internal)
    references messaging.messages (tenant_id, id, account_id, internal)
);
create index attachments_by_message on messaging.attachments (tenant_id, message_id, place);
select portico.declare_table('messaging.attachments', 'account_internal');

-- The newest message of a thread: one row for those that clients see, one for internal notes, so that lists of threads come off an
-- index and the floor keeps the second from clients.
create table messaging.thread_heads (
  tenant_id uuid not null,
  thread_id uuid not null,
  internal boolean not null,
  account_id uuid not null,
  last_at timestamptz not null,
  primary key (tenant_id, thread_id, internal),
  foreign key (tenant_id, thread_id, account_id) references messaging.threads (tenant_id, id, account_id)
);
create index thread_heads_by_time on messaging.thread_heads (tenant_id, last_at desc);
create index thread_heads_by_account on messaging.thread_heads (tenant_id, account_id, last_at desc);
select portico.declare_table('messaging.thread_heads', 'account_internal');

-- Whom a thread concerns, how far they have read it, and how many messages since then they have not.
create table messaging.participants (
  tenant_id uuid not null,
  thread_id uuid not null,
  person_id uuid not null,
  account_id uuid not null,
  staff boolean not null,
  read_message_id uuid,
  read_until timestamptz,
  unread integer not null check (unread >= 0),
  -- When the latest mail about this thread was written to them; the next one waits for its quarter of an hour.
  mailed_at timestamptz,
  primary key (tenant_id, thread_id, person_id),
  foreign key (tenant_id, thread_id, account_id) references messaging.threads (tenant_id, id, account_id)
);
create index participants_unread on messaging.participants (tenant_id, person_id) include (unread) where unread > 0;
select portico.declare_table('messaging.participants', 'account');
