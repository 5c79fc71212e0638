-- The mails of a firm. What is sent is rendered when it is sent: a link's secret never lies here, except in the development mailbox.
create table messaging.mails (
  tenant_id uuid not null,
  id uuid not null,
  kind text not null
    check (kind in ('invitation', 'sign_in', 'task', 'reminder', 'escalation', 'notice', 'meeting', 'message', 'test')),
  account_id uuid,
  person_id uuid,
  to_address text not null,
  subject text not null,
  body text not null,
  link text not null,
  link_text text not null,
  calendar text not null,
  reply_to_person_id uuid,
  -- The link of an invitation or a sign-in; its secret is asked for at the moment of sending.
  link_id uuid,
  -- The thread that a mail of kind `message` tells of.
  thread_id uuid,
  state text not null check (state in ('queued', 'sent', 'failed')),
  error text not null,
  attempts integer not null,
  due_at timestamptz not null,
  leased_until timestamptz,
  -- Grows with every lease: who comes back late with an older one changes nothing.
  fence integer not null,
  created_at timestamptz not null,
  sent_at timestamptz,
  -- What was sent; kept in the development mailbox only.
  text text,
  html text,
  source text,
  primary key (tenant_id, id)
);
create index mails_due on messaging.mails (due_at) where state = 'queued';
create index mails_by_time on messaging.mails (tenant_id, created_at desc, id desc);
create index mails_by_account on messaging.mails (tenant_id, account_id, created_at desc, id desc);
create index mails_by_person on messaging.mails (tenant_id, person_id, created_at desc, id desc);
-- At most one mail about a thread waits for a person.
create unique index mails_waiting_by_thread on messaging.mails (tenant_id, thread_id, person_id)
  where state = 'queued' and thread_id is not null;
select portico.declare_table('messaging.mails', 'internal', relay_reads => true);
