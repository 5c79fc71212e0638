-- Calendars that staff keep elsewhere, from which their busy times are read. For the firm's side alone: the password is sealed by the
-- house's keys, and nobody but the job that reads has a use for it.
create table workflow.calendars (
  tenant_id uuid not null,
  person_id uuid not null,
  -- What the person gave.
  address text not null,
  user_name text not null,
  secret bytea not null,
  -- The calendars that were found there.
  collections text[] not null,
  connected_at timestamptz not null,
  read_at timestamptz not null,
  not_understood integer not null,
  -- Why the latest reading failed, and since when none has succeeded; empty while all is well.
  trouble text not null default '',
  failing_since timestamptz,
  primary key (tenant_id, person_id)
);
select portico.declare_table('workflow.calendars', 'internal');

-- When each is to be read next. Whoever reads holds a lease; the fence tells a late reader from the present one.
create table workflow.calendar_readings (
  tenant_id uuid not null,
  person_id uuid not null,
  due_at timestamptz not null,
  locked_until timestamptz,
  fence bigint not null default 0,
  primary key (tenant_id, person_id),
  foreign key (tenant_id, person_id) references workflow.calendars (tenant_id, person_id) on delete cascade
);
create index calendar_readings_due on workflow.calendar_readings (due_at);
select portico.declare_table('workflow.calendar_readings', 'internal', relay_reads => true);

-- When staff are busy elsewhere: stretches without a word of what for. A client's booking is held against them, so they are the
-- firm's as bookings are; no call hands anybody more than the times that are free.
create table workflow.busy_times (
  tenant_id uuid not null,
  person_id uuid not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  -- A day after they were read they count no more.
  counts_until timestamptz not null,
  primary key (tenant_id, person_id, starts_at),
  foreign key (tenant_id, person_id) references workflow.calendars (tenant_id, person_id) on delete cascade,
  check (starts_at < ends_at)
);
create index busy_times_by_end on workflow.busy_times (tenant_id, person_id, ends_at);
select portico.declare_table('workflow.busy_times', 'tenant');
