-- Addresses for answers by mail: one a person and thread. The code in the address is its id, signed.
create table messaging.reply_addresses (
  tenant_id uuid not null,
  id uuid not null,
  person_id uuid not null,
  thread_id uuid not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, thread_id) references messaging.threads (tenant_id, id)
);
create unique index reply_addresses_in_use on messaging.reply_addresses (tenant_id, person_id, thread_id) where revoked_at is null;
select portico.declare_table('messaging.reply_addresses', 'internal');

-- Answers that came in, by what proved them. The same proof above another mail is a repeat by somebody else.
create table messaging.reply_receipts (
  tenant_id uuid not null,
  -- SHA-256 of the signature, or of the mail's own id where its sender's address alone has proved it.
  proof bytea not null,
  -- SHA-256 of the mail's own id (Message-ID).
  message bytea not null,
  address_id uuid not null,
  received_at timestamptz not null,
  primary key (tenant_id, proof),
  foreign key (tenant_id, address_id) references messaging.reply_addresses (tenant_id, id)
);
select portico.declare_table('messaging.reply_receipts', 'internal');
