-- Issued documents as PDF, as they were first handed out: whoever asks again gets the same bytes.
create table billing.papers (
  tenant_id uuid not null,
  document_id uuid not null,
  account_id uuid not null,
  pdf bytea not null,
  created_at timestamptz not null,
  primary key (tenant_id, document_id),
  foreign key (tenant_id, document_id) references billing.documents (tenant_id, id)
);
select portico.declare_table('billing.papers', 'account');
revoke update, delete on billing.papers from portico_billing;
