-- Whoever has a drop link and no account may send a file in several goes. Such an upload is nobody's: the nil person stands for them, and
-- whoever has the link and the upload's own secret, of which the hash is kept, goes on with it.
alter table documents.uploads
  add column secret_hash bytea check (octet_length(secret_hash) = 32),
  add column sender_name text,
  add column sender_email text;
alter table documents.uploads drop constraint uploads_target_check;
alter table documents.uploads add constraint uploads_target_check
  check (target in ('item', 'deliverable', 'attachment', 'record_file', 'folder', 'document', 'drop'));
alter table documents.uploads add constraint uploads_sender_check check (
  case when target = 'drop'
    then secret_hash is not null and sender_name is not null and sender_email is not null
    else secret_hash is null and sender_name is null and sender_email is null
  end);
create unique index uploads_by_secret on documents.uploads (tenant_id, secret_hash) where secret_hash is not null;
