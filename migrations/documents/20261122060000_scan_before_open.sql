-- What a virus scanner said: a file is closed while it waits, and one that nobody judged says why.
alter table documents.versions drop constraint versions_scan_check;
alter table documents.versions
  add constraint versions_scan_check check (scan in ('pending', 'not_scanned', 'clean', 'infected', 'failed')),
  add column scan_note text not null default '' check (scan_note in ('', 'over_limit', 'locked'));

-- Versions that a scanner has still to judge. A row goes with the verdict.
create table documents.scans (
  tenant_id uuid not null,
  version_id uuid not null,
  -- When it is tried, or tried again; while a scan is under way, when it is taken for lost.
  due_at timestamptz not null,
  attempts integer not null default 0,
  primary key (tenant_id, version_id),
  foreign key (tenant_id, version_id) references documents.versions (tenant_id, id) on delete cascade
);
create index scans_by_due on documents.scans (due_at);
select portico.declare_table('documents.scans', 'tenant', relay_reads => true);
