-- Refunds that the firm asks its provider for. The row is there before the provider is asked, and its id is the idempotency key of the call:
-- whoever asks again, after a lost answer or a killed process, asks for the same refund.
alter table billing.provider_refunds alter column reference drop not null;
alter table billing.provider_refunds
  add column currency text,
  -- Minor units; null for refunds of before this was kept, all of which were begun at the provider.
  add column amount bigint,
  -- Why, for the firm alone; empty where it was begun at the provider.
  add column reason text not null default '',
  -- The administrator who asked for it; null where it was begun at the provider.
  add column requested_by uuid,
  add column idempotency_key text;
alter table billing.provider_refunds add constraint provider_refunds_known_or_asked_check
  check (reference is not null or (idempotency_key is not null and amount > 0 and currency is not null)) not valid;
alter table billing.provider_refunds validate constraint provider_refunds_known_or_asked_check;
create unique index provider_refunds_by_key on billing.provider_refunds (tenant_id, account_id, idempotency_key)
  where idempotency_key is not null;
create index provider_refunds_by_payment on billing.provider_refunds (tenant_id, payment_id);
