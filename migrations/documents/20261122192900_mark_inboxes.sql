-- An inbox is known by a mark of its own, and stays the firm's wherever it is moved.
alter table documents.folders add column inbox boolean not null default false;
-- The rules of rows hold for the owner as well; those from before were made by this name, with a sharing of their own.
alter table documents.folders no force row level security;
update documents.folders set inbox = true
where internal and parent_id is not null and sharing_id = id and name_key like 'inbox%';
alter table documents.folders force row level security;
alter table documents.folders add constraint folders_inbox_check check (internal or not inbox);

-- What the firm keeps to itself takes no name from what others see: a number after a name would tell that it is there.
drop index documents.folders_by_place;
create unique index folders_by_place on documents.folders (tenant_id, account_id, record_id, parent_id, internal, name_key)
  nulls not distinct;
