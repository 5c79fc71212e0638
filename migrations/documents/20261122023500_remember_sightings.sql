-- Who has just looked at which version, so that the pages and ranges of one reading make one entry in the audit.
-- Rows are gone within days; they hang on nothing.
create table documents.sightings (
  tenant_id uuid not null,
  account_id uuid not null,
  version_id uuid not null,
  person_id uuid not null,
  -- Who really looked, where somebody of the firm saw the portal as that person; the nil id for nobody.
  impersonator_id uuid not null,
  way text not null check (way in ('viewed', 'shown', 'downloaded')),
  -- When it was last written into the audit.
  audited_at timestamptz not null,
  -- The account first: a file that moves to another account when it is bound is seen afresh there.
  primary key (tenant_id, account_id, version_id, person_id, impersonator_id, way)
);
create index sightings_by_age on documents.sightings (tenant_id, audited_at);
select portico.declare_table('documents.sightings', 'account');

-- What nobody has bound, for removing it in time.
create index documents_unbound on documents.documents (tenant_id, created_at) where not bound;
