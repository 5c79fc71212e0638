-- The files of an answer by mail that were taken in: a mail that is handed over again, because something was away in the middle of it, brings
-- none of them twice.
create table messaging.reply_files (
  tenant_id uuid not null,
  -- SHA-256 of the answer, the file's place in it and its bytes.
  token bytea not null,
  address_id uuid not null,
  document_id text not null,
  taken_at timestamptz not null,
  primary key (tenant_id, token),
  foreign key (tenant_id, address_id) references messaging.reply_addresses (tenant_id, id)
);
select portico.declare_table('messaging.reply_files', 'internal');
