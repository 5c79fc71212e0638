-- What people want to be mailed of. A kind without a row is mailed at once; every query names the person.
create table messaging.mail_preferences (
  tenant_id uuid not null,
  person_id uuid not null,
  kind text not null check (kind in ('task', 'reminder', 'escalation', 'notice', 'meeting', 'message')),
  way text not null check (way in ('now', 'digest', 'never')),
  updated_at timestamptz not null,
  primary key (tenant_id, person_id, kind)
);
select portico.declare_table('messaging.mail_preferences', 'tenant');

-- When people want mail: minutes after midnight in their own time zone.
create table messaging.mail_times (
  tenant_id uuid not null,
  person_id uuid not null,
  quiet_from smallint check (quiet_from between 0 and 1439),
  quiet_until smallint check (quiet_until between 0 and 1439),
  digest_at smallint not null check (digest_at between 0 and 1439),
  updated_at timestamptz not null,
  primary key (tenant_id, person_id),
  check ((quiet_from is null) = (quiet_until is null))
);
select portico.declare_table('messaging.mail_times', 'tenant');

alter table messaging.mails drop constraint mails_kind_check;
alter table messaging.mails add constraint mails_kind_check check (kind in
  ('invitation', 'sign_in', 'security', 'task', 'reminder', 'escalation', 'notice', 'meeting', 'message', 'test'));
-- `digest`: it waits for the day's digest and leaves as a line of it.
alter table messaging.mails add column way text not null default 'now' check (way in ('now', 'digest'));
-- What the person was told in the app about the same; once that is read, the mail is pointless.
alter table messaging.mails add column notification_id uuid;
create index mails_of_digests on messaging.mails (tenant_id, person_id) where state = 'queued' and way = 'digest';
-- Notices of one page that are unread: opening the page reads them.
create index notifications_unread_by_link on messaging.notifications (tenant_id, person_id, link) where read_at is null;
