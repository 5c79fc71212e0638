-- How long those who act have from being asked, and how often they are reminded; null for no end, and for never.
alter table documents.envelopes
  add column sign_within_minutes integer check (sign_within_minutes > 0),
  add column remind_every_minutes integer check (remind_every_minutes > 0);
-- From when on they can no longer sign.
alter table documents.signers add column expires_at timestamptz;

-- The next thing that the clock does about somebody whose turn it is: a reminder, or the word that their time is over.
create table documents.nudges (
  tenant_id uuid not null,
  signer_id uuid not null,
  account_id uuid not null,
  envelope_id uuid not null,
  due_at timestamptz not null,
  -- When they were asked, or reminded last.
  since timestamptz not null,
  reminded integer not null default 0 check (reminded >= 0),
  expiry_told boolean not null default false,
  primary key (tenant_id, signer_id),
  foreign key (tenant_id, signer_id) references documents.signers (tenant_id, id),
  foreign key (tenant_id, envelope_id) references documents.envelopes (tenant_id, id)
);
create index nudges_by_due on documents.nudges (due_at);
select portico.declare_table('documents.nudges', 'account', relay_reads => true);
