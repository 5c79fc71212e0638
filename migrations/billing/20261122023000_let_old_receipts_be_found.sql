-- Receipts of events are pruned over all firms: the plumbing role finds the old ones, the service's own role deletes them, firm by firm.
create index inbox_by_age on billing.inbox (handled_at);
create policy relay_reads on billing.inbox as permissive for select to portico_billing_relay using (true);
grant select on billing.inbox to portico_billing_relay;
comment on table billing.inbox is 'portico class=tenant relay=reads';
