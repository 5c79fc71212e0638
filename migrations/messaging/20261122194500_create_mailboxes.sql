-- A firm's mailbox, whose mail is looked for by the clock.
create table messaging.mailboxes (
  tenant_id uuid not null,
  server_host text not null,
  server_port integer not null check (server_port between 1 and 65535),
  server_security text not null check (server_security in ('tls', 'starttls', 'none')),
  server_user text not null,
  -- Sealed under the firm's key; it is opened to sign in to the server and never shown.
  server_password bytea not null,
  folder text not null,
  -- Where mails go once they were taken in; empty where they stay and are marked as read.
  done_folder text not null,
  -- How far the folder was looked through. Ids count within one validity alone (RFC 3501); 0 before the first look.
  uid_validity bigint not null,
  last_uid bigint not null,
  -- How many mails were taken in.
  taken bigint not null,
  due_at timestamptz not null,
  leased_until timestamptz,
  -- Grows with every lease and every change, so that whoever was late writes nothing.
  fence integer not null,
  tried_at timestamptz,
  looked_at timestamptz,
  -- Looks in a row that came to nothing, and why the last did.
  failures integer not null,
  reason text not null,
  answer text not null,
  version integer not null,
  primary key (tenant_id)
);
create index mailboxes_due on messaging.mailboxes (due_at);
select portico.declare_table('messaging.mailboxes', 'internal', relay_reads => true);

-- Mails that could not be taken in because something was away, to be fetched once more.
create table messaging.mailbox_waiting (
  tenant_id uuid not null,
  uid bigint not null,
  attempts integer not null,
  due_at timestamptz not null,
  primary key (tenant_id, uid),
  foreign key (tenant_id) references messaging.mailboxes (tenant_id) on delete cascade
);
select portico.declare_table('messaging.mailbox_waiting', 'internal');
