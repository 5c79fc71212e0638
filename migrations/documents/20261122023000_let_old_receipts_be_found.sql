-- Receipts of events are pruned over all firms: the plumbing role finds the old ones, the service's own role deletes them, firm by firm.
create index inbox_by_age on documents.inbox (handled_at);
create policy relay_reads on documents.inbox as permissive for select to portico_documents_relay using (true);
grant select on documents.inbox to portico_documents_relay;
comment on table documents.inbox is 'portico class=tenant relay=reads';
