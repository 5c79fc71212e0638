-- Who is to sign, where that is one known person: shown until somebody has signed in the place.
alter table documents.signers
  add column expected_id uuid,
  add column expected_name text not null default '';
