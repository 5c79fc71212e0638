-- Receipts of events are pruned over all firms: the plumbing role finds the old ones, the service's own role deletes them, firm by firm.
create index inbox_by_age on identity.inbox (handled_at);
create policy relay_reads on identity.inbox as permissive for select to portico_identity_relay using (true);
grant select on identity.inbox to portico_identity_relay;
comment on table identity.inbox is 'portico class=tenant relay=reads';
