-- An estimate is the sum of its versions; each version is a document.
create table billing.estimates (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  -- Until the first version was sent.
  internal boolean not null,
  legal_entity_id uuid not null,
  -- Given when the first version is sent; empty until then.
  number text not null default '',
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, legal_entity_id) references billing.legal_entities (tenant_id, id)
);
select portico.declare_table('billing.estimates', 'account_internal');

-- Estimates (one row a version), invoices and credit notes. A draft is the firm's own; what is issued never changes again.
create table billing.documents (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  -- True while it is a draft.
  internal boolean not null,
  kind text not null check (kind in ('estimate', 'invoice', 'credit_note')),
  legal_entity_id uuid not null,
  -- The estimate that this is a version of, or that an invoice was made from.
  estimate_id uuid,
  -- The invoice that a credit note takes back.
  invoice_id uuid,
  -- Of an estimate, from 1; 1 for the others.
  estimate_version integer not null check (estimate_version > 0),
  title text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  rounding text not null check (rounding in ('half_up', 'half_even')),
  until date,
  service_from date,
  service_to date,
  notes text not null,
  terms text not null,
  -- In minor units; kept up to date while it is a draft.
  net bigint not null,
  tax bigint not null,
  gross bigint not null,
  -- From here on: set when it is issued.
  number text not null default '',
  issue_date date,
  seller jsonb,
  buyer jsonb,
  corrects jsonb,
  -- SHA-256 over everything on it, hexadecimal.
  hash text not null default '',
  issued_at timestamptz,
  idempotency_key text,
  -- The member of staff who began it.
  created_by uuid,
  -- The number of changes while it was a draft.
  version integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  constraint documents_idempotency_key unique (tenant_id, account_id, idempotency_key),
  foreign key (tenant_id, legal_entity_id) references billing.legal_entities (tenant_id, id),
  foreign key (tenant_id, estimate_id) references billing.estimates (tenant_id, id),
  foreign key (tenant_id, invoice_id) references billing.documents (tenant_id, id),
  check (internal = (issued_at is null)),
  check ((issued_at is null) = (number = '')),
  check ((issued_at is null) = (issue_date is null)),
  check ((issued_at is null) = (seller is null)),
  check ((issued_at is null) = (buyer is null)),
  check ((issued_at is null) = (hash = '')),
  check ((kind = 'estimate') <= (estimate_id is not null)),
  check ((kind = 'credit_note') = (invoice_id is not null)),
  check (net + tax = gross)
);
create unique index documents_by_number on billing.documents (tenant_id, legal_entity_id, kind, number, estimate_version) where number <> '';
create unique index documents_by_estimate_version on billing.documents (tenant_id, estimate_id, estimate_version) where kind = 'estimate';
-- An estimate becomes at most one invoice.
create unique index documents_by_converted_estimate on billing.documents (tenant_id, estimate_id) where kind = 'invoice';
create index documents_by_account on billing.documents (tenant_id, account_id, kind, id desc);
create index documents_by_kind on billing.documents (tenant_id, kind, id desc);
create index documents_by_corrected_invoice on billing.documents (tenant_id, invoice_id) where invoice_id is not null;
select portico.declare_table('billing.documents', 'account_internal');

create table billing.lines (
  tenant_id uuid not null,
  document_id uuid not null,
  position integer not null check (position >= 0),
  account_id uuid not null,
  -- As its document.
  internal boolean not null,
  description text not null,
  -- Millionths.
  quantity bigint not null check (quantity <> 0),
  -- UN/ECE recommendation 20.
  unit text not null,
  -- Millionths of a whole unit of the currency, without tax.
  unit_price bigint not null check (unit_price >= 0),
  tax_category text not null check (tax_category in ('S', 'Z', 'E', 'AE', 'K', 'G', 'O')),
  tax_basis_points integer not null check (tax_basis_points between 0 and 10000),
  exemption_reason text not null,
  -- Minor units, without tax.
  net bigint not null,
  primary key (tenant_id, document_id, position),
  foreign key (tenant_id, document_id) references billing.documents (tenant_id, id) on delete cascade,
  check ((tax_category = 'S') = (tax_basis_points > 0))
);
select portico.declare_table('billing.lines', 'account_internal');

-- What an issued document's lines come to at each rate.
create table billing.tax_totals (
  tenant_id uuid not null,
  document_id uuid not null,
  position integer not null check (position >= 0),
  account_id uuid not null,
  tax_category text not null check (tax_category in ('S', 'Z', 'E', 'AE', 'K', 'G', 'O')),
  tax_basis_points integer not null check (tax_basis_points between 0 and 10000),
  exemption_reason text not null,
  -- Minor units.
  base bigint not null,
  tax bigint not null,
  primary key (tenant_id, document_id, position),
  unique (tenant_id, document_id, tax_category, tax_basis_points),
  foreign key (tenant_id, document_id) references billing.documents (tenant_id, id) on delete cascade
);
select portico.declare_table('billing.tax_totals', 'account');

-- What clients decided about versions of an estimate: one decision a version, for ever.
create table billing.decisions (
  tenant_id uuid not null,
  document_id uuid not null,
  account_id uuid not null,
  estimate_id uuid not null,
  accepted boolean not null,
  -- The hash that was before their eyes.
  hash text not null,
  person_id uuid not null,
  person_name text not null,
  reason text not null,
  decided_at timestamptz not null,
  primary key (tenant_id, document_id),
  foreign key (tenant_id, document_id) references billing.documents (tenant_id, id),
  foreign key (tenant_id, estimate_id) references billing.estimates (tenant_id, id)
);
create unique index decisions_by_accepted_estimate on billing.decisions (tenant_id, estimate_id) where accepted;
select portico.declare_table('billing.decisions', 'account');
revoke update, delete on billing.decisions from portico_billing;

-- What is issued stays as it is. The refusal looks like a missing privilege, since that is what it is.
create function billing.keep_issued_document() returns trigger
  language plpgsql security invoker set search_path = pg_catalog as $$
begin
  if old.issued_at is not null then
    raise exception 'the document % is issued and cannot be changed', old.id using errcode = 'insufficient_privilege';
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end
$$;
create trigger keep_issued before update or delete on billing.documents
  for each row execute function billing.keep_issued_document();

-- Its lines and sums as well: nothing is added, changed or removed once the document is issued.
create function billing.keep_parts_of_issued_document() returns trigger
  language plpgsql security invoker set search_path = pg_catalog as $$
declare
  part record := case when tg_op = 'INSERT' then new else old end;
begin
  if exists (select from billing.documents d
             where d.tenant_id = part.tenant_id and d.id = part.document_id and d.issued_at is not null) then
    raise exception 'the document % is issued and cannot be changed', part.document_id using errcode = 'insufficient_privilege';
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end
$$;
create trigger keep_issued before insert or update or delete on billing.lines
  for each row execute function billing.keep_parts_of_issued_document();
create trigger keep_issued before insert or update or delete on billing.tax_totals
  for each row execute function billing.keep_parts_of_issued_document();
