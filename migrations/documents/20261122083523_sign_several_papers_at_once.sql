-- The further documents of an envelope, after its first: read all, signed in one act, each sealed by itself.
create table documents.envelope_papers (
  tenant_id uuid not null,
  account_id uuid not null,
  envelope_id uuid not null,
  -- From 2: the first document stands in the envelope itself.
  number integer not null check (number >= 2),
  title text not null,
  fields json not null,
  original_version_id uuid not null,
  signed_version_id uuid,
  primary key (tenant_id, envelope_id, number),
  foreign key (tenant_id, envelope_id) references documents.envelopes (tenant_id, id),
  foreign key (tenant_id, original_version_id) references documents.versions (tenant_id, id),
  foreign key (tenant_id, signed_version_id) references documents.versions (tenant_id, id)
);
select portico.declare_table('documents.envelope_papers', 'account');
