-- Receipts of events are pruned over all firms: the plumbing role finds the old ones, the service's own role deletes them, firm by firm.
create index inbox_by_age on tenancy.inbox (handled_at);
create policy relay_reads on tenancy.inbox as permissive for select to portico_tenancy_relay using (true);
grant select on tenancy.inbox to portico_tenancy_relay;
comment on table tenancy.inbox is 'portico class=tenant relay=reads';
