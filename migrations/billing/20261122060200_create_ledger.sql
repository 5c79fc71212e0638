-- Money that came in. What became of it stands in the ledger.
create table billing.payments (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  -- Minor units.
  amount bigint not null check (amount > 0),
  -- How it came: bank transfer, cash, or the provider's name.
  method text not null,
  provider text not null check (provider in ('manual', 'stripe')),
  -- The provider's id of it, or what stands on the bank's statement.
  reference text not null,
  received_on date not null,
  note text not null,
  recorded_by uuid,
  idempotency_key text,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  constraint payments_idempotency_key unique (tenant_id, account_id, idempotency_key)
);
create index payments_by_account on billing.payments (tenant_id, account_id, id desc);
-- A provider reports a payment as often as it likes: it is one payment.
create unique index payments_by_provider on billing.payments (tenant_id, provider, reference) where provider <> 'manual';
select portico.declare_table('billing.payments', 'account');
revoke update, delete on billing.payments from portico_billing;

create table billing.refunds (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  payment_id uuid,
  credit_note_id uuid,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  -- Minor units.
  amount bigint not null check (amount > 0),
  refunded_on date not null,
  reason text not null,
  -- The provider's id of it; empty for one by hand.
  reference text not null,
  recorded_by uuid,
  idempotency_key text,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  constraint refunds_idempotency_key unique (tenant_id, account_id, idempotency_key),
  foreign key (tenant_id, payment_id) references billing.payments (tenant_id, id),
  foreign key (tenant_id, credit_note_id) references billing.documents (tenant_id, id),
  check (num_nonnulls(payment_id, credit_note_id) = 1)
);
create index refunds_by_account on billing.refunds (tenant_id, account_id, id desc);
select portico.declare_table('billing.refunds', 'account');
revoke update, delete on billing.refunds from portico_billing;

-- Why something was booked. One booking a key, however often it is asked for.
create table billing.ledger_transactions (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  act text not null check (act in ('invoice_issued', 'credit_issued', 'payment_received', 'allocated', 'taken_back', 'refunded', 'written_off')),
  booked_on date not null,
  -- What it is about, as people know it: a document's number or a payment's reference.
  label text not null,
  key text not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, account_id, key)
);
create index ledger_transactions_by_account on billing.ledger_transactions (tenant_id, account_id, booked_on, id);
select portico.declare_table('billing.ledger_transactions', 'account');
revoke update, delete on billing.ledger_transactions from portico_billing;

-- Debits are positive, credits negative. What the client owes and has to their credit is theirs to see; the rest is the firm's books.
create table billing.ledger_entries (
  tenant_id uuid not null,
  transaction_id uuid not null,
  position integer not null check (position >= 0),
  account_id uuid not null,
  internal boolean not null,
  chart text not null check (chart in ('receivable', 'client_credit', 'bank', 'revenue', 'tax', 'bad_debt')),
  act text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  amount bigint not null check (amount <> 0),
  invoice_id uuid,
  payment_id uuid,
  credit_note_id uuid,
  tax_category text,
  tax_basis_points integer,
  primary key (tenant_id, transaction_id, position),
  foreign key (tenant_id, transaction_id) references billing.ledger_transactions (tenant_id, id),
  foreign key (tenant_id, invoice_id) references billing.documents (tenant_id, id),
  foreign key (tenant_id, payment_id) references billing.payments (tenant_id, id),
  foreign key (tenant_id, credit_note_id) references billing.documents (tenant_id, id),
  check (internal = (chart not in ('receivable', 'client_credit'))),
  check (chart <> 'receivable' or invoice_id is not null),
  check (chart <> 'client_credit' or num_nonnulls(payment_id, credit_note_id) = 1)
);
create index ledger_entries_by_invoice on billing.ledger_entries (tenant_id, invoice_id) where chart = 'receivable';
create index ledger_entries_by_payment on billing.ledger_entries (tenant_id, payment_id) where chart = 'client_credit';
create index ledger_entries_by_credit_note on billing.ledger_entries (tenant_id, credit_note_id) where chart = 'client_credit';
create index ledger_entries_by_account on billing.ledger_entries (tenant_id, account_id);
select portico.declare_table('billing.ledger_entries', 'account_internal');
revoke update, delete on billing.ledger_entries from portico_billing;

-- Held at the end of the transaction, when all its entries are there.
create function billing.keep_balance() returns trigger
  language plpgsql security invoker set search_path = pg_catalog as $$
declare
  offence record;
begin
  select e.currency, sum(e.amount) as amount into offence from billing.ledger_entries e
    where e.tenant_id = new.tenant_id and e.transaction_id = new.transaction_id
    group by e.currency having sum(e.amount) <> 0 limit 1;
  if found then
    raise exception 'the entries of % do not sum to zero: % %', new.transaction_id, offence.amount, offence.currency
      using errcode = 'check_violation';
  end if;
  return null;
end
$$;
create constraint trigger keep_balance after insert on billing.ledger_entries
  deferrable initially deferred for each row execute function billing.keep_balance();

-- Invoices that are not paid yet and when to say so next. The row goes when there is nothing more to say.
create table billing.reminders (
  tenant_id uuid not null,
  invoice_id uuid not null,
  account_id uuid not null,
  next_at timestamptz not null,
  sent integer not null check (sent >= 0),
  primary key (tenant_id, invoice_id),
  foreign key (tenant_id, invoice_id) references billing.documents (tenant_id, id)
);
create index reminders_due on billing.reminders (next_at);
select portico.declare_table('billing.reminders', 'account', relay_reads => true);
