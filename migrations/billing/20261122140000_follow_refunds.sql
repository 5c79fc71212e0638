-- A provider gives money back in steps: what is pending may succeed, and what has succeeded may fail days later. Kept beside the ledger, so
-- that what fails before it is told of is never booked, and what is pending is asked about until it is decided.
create table billing.provider_refunds (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  payment_id uuid not null,
  provider text not null check (provider in ('stripe')),
  -- The provider's id of it.
  reference text not null,
  state text not null check (state in ('pending', 'succeeded', 'failed')),
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, provider, reference),
  foreign key (tenant_id, payment_id) references billing.payments (tenant_id, id)
);
create index provider_refunds_pending on billing.provider_refunds (tenant_id, provider) where state = 'pending';
select portico.declare_table('billing.provider_refunds', 'account');

create index checkouts_waiting on billing.checkouts (tenant_id, provider) where state in ('open', 'processing');

alter table billing.ledger_transactions drop constraint ledger_transactions_act_check;
alter table billing.ledger_transactions add constraint ledger_transactions_act_check check (act in
  ('invoice_issued', 'credit_issued', 'payment_received', 'allocated', 'taken_back', 'refunded', 'refund_failed', 'written_off')) not valid;
alter table billing.ledger_transactions validate constraint ledger_transactions_act_check;
