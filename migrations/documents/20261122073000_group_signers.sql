-- Signers side by side, approvers, and those who are only told.
alter table documents.signers
  -- The turn they act in, from 1; those with the same one act side by side.
  add column turn integer,
  add column part text not null default 'signer' check (part in ('signer', 'approver', 'viewer', 'copy')),
  -- Who gave their place to the person expected here.
  add column delegated_by text not null default '';
update documents.signers set turn = place;
alter table documents.signers alter column turn set not null;
alter table documents.signers drop constraint signers_state_check;
alter table documents.signers add constraint signers_state_check
  check (state in ('waiting', 'ready', 'signed', 'declined', 'told'));

alter table documents.envelopes
  add column level text not null default 'sign' check (level in ('sign', 'acknowledge'));
