-- A person who was named for a place signs there whatever their roles are, and nobody else does.
alter table documents.signers add column named boolean not null default false;
alter table documents.signers add constraint signers_named_is_known check (not named or expected_id is not null);
-- Whether those who sign may name somebody who is new to the account.
alter table documents.envelopes add column invite_others boolean not null default false;
