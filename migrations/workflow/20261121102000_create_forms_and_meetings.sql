-- Answers that may be incomplete, and when they were handed in.
create table workflow.form_drafts (
  tenant_id uuid not null,
  step_id uuid not null,
  account_id uuid not null,
  answers text not null,
  version integer not null,
  saved_at timestamptz not null,
  saved_by text not null,
  primary key (tenant_id, step_id),
  foreign key (tenant_id, step_id) references workflow.run_steps (tenant_id, id)
);
select portico.declare_table('workflow.form_drafts', 'account');

create table workflow.form_submissions (
  tenant_id uuid not null,
  step_id uuid not null,
  attempt integer not null,
  account_id uuid not null,
  answers text not null,
  submitted_at timestamptz not null,
  submitted_by uuid,
  submitted_by_name text not null,
  -- The event of the submission, for whoever hands the same answers in again.
  event text not null,
  primary key (tenant_id, step_id, attempt),
  foreign key (tenant_id, step_id) references workflow.run_steps (tenant_id, id)
);
select portico.declare_table('workflow.form_submissions', 'account');

-- Times that a member of staff offers for one meeting.
create table workflow.slots (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  step_id uuid not null,
  host_id uuid not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  primary key (tenant_id, id),
  constraint slots_once unique (tenant_id, step_id, host_id, starts_at),
  foreign key (tenant_id, step_id) references workflow.run_steps (tenant_id, id)
);
select portico.declare_table('workflow.slots', 'account');

-- Times of staff that are taken. Of the firm and not of an account: one client's booking takes the time from all others. It says
-- nothing of whose it is but the step's id, and no call hands it out.
create table workflow.bookings (
  tenant_id uuid not null,
  host_id uuid not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  step_id uuid not null,
  slot_id uuid not null,
  booked_at timestamptz not null,
  primary key (tenant_id, host_id, starts_at),
  constraint bookings_once_a_step unique (tenant_id, step_id)
);
select portico.declare_table('workflow.bookings', 'tenant');
