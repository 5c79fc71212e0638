-- Payments that clients begin at a provider. The row is there before the provider is asked, and its id is the idempotency key.
create table billing.checkouts (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  invoice_id uuid not null,
  provider text not null check (provider in ('stripe')),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  -- Minor units.
  amount bigint not null check (amount > 0),
  -- The provider's id of it, and its page; empty until the provider has answered.
  reference text not null default '',
  url text not null default '',
  state text not null check (state in ('open', 'processing', 'succeeded', 'failed')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, invoice_id) references billing.documents (tenant_id, id)
);
create index checkouts_by_invoice on billing.checkouts (tenant_id, invoice_id, created_at desc);
create index checkouts_by_time on billing.checkouts (created_at);
select portico.declare_table('billing.checkouts', 'account', relay_reads => true);

-- Payments that the payer disputes at their bank.
create table billing.disputes (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  payment_id uuid not null,
  provider text not null check (provider in ('stripe')),
  reference text not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, provider, reference),
  foreign key (tenant_id, payment_id) references billing.payments (tenant_id, id)
);
create index disputes_by_payment on billing.disputes (tenant_id, payment_id) where closed_at is null;
select portico.declare_table('billing.disputes', 'account');
