-- Receipts of events are pruned over all firms: the plumbing role finds the old ones, the service's own role deletes them, firm by firm.
create index inbox_by_age on messaging.inbox (handled_at);
create policy relay_reads on messaging.inbox as permissive for select to portico_messaging_relay using (true);
grant select on messaging.inbox to portico_messaging_relay;
comment on table messaging.inbox is 'portico class=tenant relay=reads';
