-- Who has read which version, how long which page was before them, and what they took away or printed.
create table documents.readings (
  tenant_id uuid not null,
  account_id uuid not null,
  -- The reader is of the firm's side: nobody of the account is told.
  internal boolean not null,
  document_id uuid not null,
  version_id uuid not null,
  person_id uuid not null,
  person_name text not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  downloads integer not null default 0 check (downloads >= 0),
  prints integer not null default 0 check (prints >= 0),
  primary key (tenant_id, version_id, person_id),
  foreign key (tenant_id, version_id) references documents.versions (tenant_id, id) on delete cascade
);
create index readings_by_document on documents.readings (tenant_id, document_id, last_at desc);
select portico.declare_table('documents.readings', 'account_internal');

create table documents.page_readings (
  tenant_id uuid not null,
  account_id uuid not null,
  internal boolean not null,
  version_id uuid not null,
  person_id uuid not null,
  page integer not null check (page > 0),
  seconds integer not null check (seconds between 0 and 86400),
  primary key (tenant_id, version_id, person_id, page),
  foreign key (tenant_id, version_id, person_id)
    references documents.readings (tenant_id, version_id, person_id) on delete cascade
);
select portico.declare_table('documents.page_readings', 'account_internal');
