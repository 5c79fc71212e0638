-- What the firm has placed on the documents of an envelope, for its signers to fill in. Where there is any, it takes the place
-- of what the definition says of its templates.
create table documents.placements (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  envelope_id uuid not null,
  -- In the order of reading, from 1.
  number integer not null check (number >= 1),
  -- Which of its documents: 1 is the first.
  paper integer not null check (paper >= 1),
  page integer not null check (page >= 1),
  -- Fractions of the page as it is shown, from its top left corner.
  x double precision not null,
  y double precision not null,
  width double precision not null,
  height double precision not null,
  kind text not null check (kind in ('signature', 'initials', 'date', 'text', 'checkbox', 'choice')),
  signer_id uuid not null,
  required boolean not null,
  label text not null,
  choices json not null,
  -- What the signer filled in; null before they signed, and where the platform fills it.
  value text,
  primary key (tenant_id, id),
  unique (tenant_id, envelope_id, number),
  foreign key (tenant_id, envelope_id) references documents.envelopes (tenant_id, id),
  foreign key (tenant_id, signer_id) references documents.signers (tenant_id, id),
  check (x >= 0 and y >= 0 and width > 0 and height > 0 and x + width <= 1.0001 and y + height <= 1.0001)
);
select portico.declare_table('documents.placements', 'account');

-- Grows with each change of its places.
alter table documents.envelopes add column fields_version integer not null default 1;
