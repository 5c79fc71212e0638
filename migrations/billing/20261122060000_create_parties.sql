-- A company of the firm that sells. What documents show of it is copied when they are issued.
create table billing.legal_entities (
  tenant_id uuid not null,
  id uuid not null,
  seller jsonb not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  rounding text not null check (rounding in ('half_up', 'half_even')),
  payment_days integer not null check (payment_days between 0 and 365),
  estimate_prefix text not null,
  invoice_prefix text not null,
  credit_note_prefix text not null,
  idempotency_key text,
  version integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  constraint legal_entities_idempotency_key unique (tenant_id, idempotency_key)
);
select portico.declare_table('billing.legal_entities', 'internal');

-- The last number given in each series. A number is given in the transaction that issues the document, under this row's lock,
-- so that none is left out and none comes twice.
create table billing.series (
  tenant_id uuid not null,
  legal_entity_id uuid not null,
  kind text not null check (kind in ('estimate', 'invoice', 'credit_note')),
  last_number bigint not null check (last_number >= 0),
  primary key (tenant_id, legal_entity_id, kind),
  foreign key (tenant_id, legal_entity_id) references billing.legal_entities (tenant_id, id)
);
select portico.declare_table('billing.series', 'internal');

-- An account as a buyer.
create table billing.buyers (
  tenant_id uuid not null,
  account_id uuid not null,
  buyer jsonb not null,
  version integer not null,
  updated_at timestamptz not null,
  primary key (tenant_id, account_id)
);
select portico.declare_table('billing.buyers', 'account');
