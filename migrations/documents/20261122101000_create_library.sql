-- Folders of accounts and of their records, what is filed in them, and who of the account sees it.
create table documents.folders (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  -- For the firm's side only, with all that is in it.
  internal boolean not null default false,
  -- The record whose folder it is; none for a folder of the account itself. All folders below are of the same one.
  record_id uuid,
  parent_id uuid,
  name text not null check (char_length(name) between 1 and 120),
  -- The name as it is compared and sorted.
  name_key text collate "C" not null,
  depth integer not null check (depth between 1 and 8),
  -- Whose sharing counts: the folder's own, or that of the nearest folder around it that has one.
  sharing_id uuid not null,
  created_by uuid not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, parent_id) references documents.folders (tenant_id, id)
);
create unique index folders_by_place on documents.folders (tenant_id, account_id, record_id, parent_id, name_key)
  nulls not distinct;
create index folders_by_parent on documents.folders (tenant_id, parent_id, name_key) where parent_id is not null;
select portico.declare_table('documents.folders', 'account_internal');

-- How something is shared: under the id of the folder or document.
create table documents.sharings (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  -- Whether people of the account get pages and copies marked with their address only.
  watermark boolean not null default false,
  primary key (tenant_id, id)
);
select portico.declare_table('documents.sharings', 'account');

-- What somebody of the account may do with what is shared.
create table documents.grants (
  tenant_id uuid not null,
  account_id uuid not null,
  sharing_id uuid not null,
  -- everyone, role:<name> or person:<id>
  subject text not null,
  -- 1 pages as pictures, 2 open and download, 3 add files as well
  level smallint not null check (level between 1 and 3),
  primary key (tenant_id, sharing_id, subject),
  foreign key (tenant_id, sharing_id) references documents.sharings (tenant_id, id) on delete cascade
);
select portico.declare_table('documents.grants', 'account');

alter table documents.documents drop constraint documents_kind_check;
alter table documents.documents
  add constraint documents_kind_check
    check (kind in ('upload', 'deliverable', 'contract', 'signed', 'attachment', 'record_file', 'library')),
  add column folder_id uuid,
  -- The title as it is compared and sorted in a folder.
  add column title_key text collate "C" not null default '',
  -- Its own sharing; none where that of its folder counts.
  add column sharing_id uuid,
  add column trashed_at timestamptz,
  add column trashed_by uuid,
  add column trashed_by_name text not null default '',
  -- Whether it is never removed for good: somebody has signed it.
  add column kept boolean not null default false,
  add constraint documents_folder_fkey foreign key (tenant_id, folder_id) references documents.folders (tenant_id, id);
create unique index documents_by_folder on documents.documents (tenant_id, folder_id, title_key)
  where folder_id is not null and trashed_at is null;
create index documents_by_trash on documents.documents (tenant_id, trashed_at) where trashed_at is not null;

alter table documents.uploads drop constraint uploads_target_check;
alter table documents.uploads
  add constraint uploads_target_check
    check (target in ('item', 'deliverable', 'attachment', 'record_file', 'folder', 'document'));
