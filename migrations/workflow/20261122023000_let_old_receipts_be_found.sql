-- Receipts of events are pruned over all firms: the plumbing role finds the old ones, the service's own role deletes them, firm by firm.
create index inbox_by_age on workflow.inbox (handled_at);
create policy relay_reads on workflow.inbox as permissive for select to portico_workflow_relay using (true);
grant select on workflow.inbox to portico_workflow_relay;
comment on table workflow.inbox is 'portico class=tenant relay=reads';
