-- What is over is pruned over all firms: the plumbing role finds the firms that have some, the service's own role deletes it, firm by firm.
-- It reads times and states alone, no secret's hash and nobody's address.
create policy relay_reads on identity.sessions as permissive for select to portico_identity_relay using (true);
grant select (tenant_id, ended_at, last_used_at, created_at) on identity.sessions to portico_identity_relay;
comment on table identity.sessions is 'portico class=tenant relay=reads';

create policy relay_reads on identity.links as permissive for select to portico_identity_relay using (true);
grant select (tenant_id, purpose, expires_at) on identity.links to portico_identity_relay;
comment on table identity.links is 'portico class=tenant relay=reads';

create policy relay_reads on identity.tries as permissive for select to portico_identity_relay using (true);
grant select (tenant_id, at) on identity.tries to portico_identity_relay;
comment on table identity.tries is 'portico class=tenant relay=reads';
