-- The hours that staff keep for meetings. Of the firm: clients are offered the times that are free in them, and never read the hours.
create table workflow.availability (
  tenant_id uuid not null,
  person_id uuid not null,
  -- Time zone, weekly hours, days that differ, buffers, notice and horizon.
  body jsonb not null,
  version integer not null,
  updated_at timestamptz not null,
  primary key (tenant_id, person_id)
);
select portico.declare_table('workflow.availability', 'tenant');

-- How many meetings somebody has had lately: whose turn it is among several.
create index bookings_by_host on workflow.bookings (tenant_id, host_id, ends_at);
