-- Roles, schemas and the context functions that every policy stands on.
-- Run once by a superuser, and again after an upgrade: every statement may be repeated.
-- The password of the login roles arrives in the setting portico.bootstrap_password.

create schema if not exists portico;

do $bootstrap$
declare
  service text;
  password text := current_setting('portico.bootstrap_password');
  login text;
begin
  perform pg_advisory_xact_lock(hashtext('portico.bootstrap'));
  if not exists (select from pg_roles where rolname = 'portico_kit_owner') then
    create role portico_kit_owner nologin;
  end if;
  foreach service in array array['identity', 'tenancy', 'documents', 'workflow', 'messaging', 'billing'] loop
    if not exists (select from pg_roles where rolname = 'portico_' || service || '_owner') then
      execute format('create role %I nologin', 'portico_' || service || '_owner');
    end if;
    foreach login in array array['', '_relay', '_migrate'] loop
      if not exists (select from pg_roles where rolname = 'portico_' || service || login) then
        execute format('create role %I login', 'portico_' || service || login);
      end if;
      execute format('alter role %I with login nosuperuser nobypassrls nocreatedb nocreaterole noinherit password %L',
                     'portico_' || service || login, password);
    end loop;
    execute format('grant %I to %I', 'portico_' || service || '_owner', 'portico_' || service || '_migrate');
    execute format('alter role %I set role = %L', 'portico_' || service || '_migrate', 'portico_' || service || '_owner');
    execute format('create schema if not exists %I', service);
    execute format('alter schema %I owner to %I', service, 'portico_' || service || '_owner');
    execute format('revoke all on schema %I from public', service);
    execute format('grant usage on schema %I to %I, %I', service, 'portico_' || service, 'portico_' || service || '_relay');
    execute format('grant usage on schema portico to %I, %I, %I',
                   'portico_' || service, 'portico_' || service || '_relay', 'portico_' || service || '_owner');
    execute format('alter default privileges for role %I revoke execute on functions from public',
                   'portico_' || service || '_owner');
  end loop;
  execute format('revoke all on database %I from public', current_database());
  foreach service in array array['identity', 'tenancy', 'documents', 'workflow', 'messaging', 'billing'] loop
    execute format('grant connect on database %I to %I, %I, %I', current_database(),
                   'portico_' || service, 'portico_' || service || '_relay', 'portico_' || service || '_migrate');
  end loop;
end
$bootstrap$;

revoke all on schema public from public;

-- The context of a transaction. Unset reads as nothing: after a commit a local setting is '', never NULL.
create or replace function portico.tenant() returns uuid
  language sql stable parallel safe set search_path = pg_catalog
  return nullif(current_setting('app.tenant', true), '')::uuid;

create or replace function portico.person() returns uuid
  language sql stable parallel safe set search_path = pg_catalog
  return nullif(current_setting('app.person', true), '')::uuid;

create or replace function portico.is_internal() returns boolean
  language sql stable parallel safe set search_path = pg_catalog
  return coalesce(current_setting('app.kind', true), '') in ('staff', 'machine', 'system');

create or replace function portico.all_accounts() returns boolean
  language sql stable parallel safe set search_path = pg_catalog
  return coalesce(current_setting('app.account_scope', true), '') = 'all';

create or replace function portico.accounts() returns uuid[]
  language sql stable parallel safe set search_path = pg_catalog
  return coalesce(nullif(current_setting('app.accounts', true), ''), '{}')::uuid[];

-- Declares a table's class and puts its floor in place. Called by migrations as the schema's owner.
--   tenant           rows of a firm
--   account          rows of an account; the column account_id is required
--   internal         rows of a firm that only the firm's side may see
--   account_internal rows of an account; those marked by the column internal are for the firm's side only
-- relay_reads lets the service's plumbing role read the table before a firm is known (due timers, token hashes, hosts).
create or replace function portico.declare_table(target regclass, class text, relay_reads boolean default false)
  returns void language plpgsql security invoker set search_path = pg_catalog as $declare$
declare
  service text := (select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = target);
  app text := 'portico_' || service;
  floor_condition text := 'tenant_id = (select portico.tenant())';
  account_condition text := '(select portico.all_accounts()) or account_id = any ((select portico.accounts())::uuid[])';
begin
  if class not in ('tenant', 'account', 'internal', 'account_internal') then
    raise exception 'unknown table class %', class;
  end if;
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('create policy allowed on %s as permissive for all to %I using (true) with check (true)', target, app);
  execute format('create policy tenant_floor on %s as restrictive for all to %I using (%s) with check (%s)',
                 target, app, floor_condition, floor_condition);
  if class in ('account', 'account_internal') then
    execute format('create policy account_floor on %s as restrictive for all to %I using (%s) with check (%s)',
                   target, app, account_condition, account_condition);
  end if;
  if class = 'internal' then
    execute format('create policy internal_floor on %s as restrictive for all to %I using ((select portico.is_internal())) with check ((select portico.is_internal()))',
                   target, app);
  end if;
  if class = 'account_internal' then
    execute format('create policy internal_floor on %s as restrictive for all to %I using (not internal or (select portico.is_internal())) with check (not internal or (select portico.is_internal()))',
                   target, app);
  end if;
  execute format('grant select, insert, update, delete on %s to %I', target, app);
  if relay_reads then
    execute format('create policy relay_reads on %s as permissive for select to %I using (true)', target, app || '_relay');
    execute format('grant select on %s to %I', target, app || '_relay');
  end if;
  execute format('comment on table %s is %L', target,
                 'portico class=' || class || case when relay_reads then ' relay=reads' else '' end);
end
$declare$;

-- The tables that carry events: the same in every service. Called by each service's first migration.
create or replace function portico.create_plumbing(service text)
  returns void language plpgsql security invoker set search_path = pg_catalog as $plumbing$
declare
  app text := 'portico_' || service;
  relay text := 'portico_' || service || '_relay';
  tenant_condition text := 'tenant_id = (select portico.tenant())';
  each_table text;
begin
  execute format($ddl$
    create table %1$I.outbox (
      id uuid primary key,
      -- Counts insertions. It is no cursor: transactions commit out of its order. The relay stamps position, and all follow that.
      seq bigint generated always as identity,
      tenant_id uuid not null,
      topic text not null,
      key text not null,
      virtual_partition smallint not null check (virtual_partition between 0 and 15),
      type text not null,
      headers jsonb not null,
      body bytea not null,
      occurred_at timestamptz not null,
      position bigint
    );
    create index outbox_unplaced on %1$I.outbox (seq) where position is null;
    create unique index outbox_placed on %1$I.outbox (virtual_partition, position) where position is not null;
    create table %1$I.outbox_partitions (
      virtual_partition smallint primary key,
      position bigint not null
    );
    create table %1$I.cursors (
      consumer text not null,
      virtual_partition smallint not null,
      position bigint not null,
      primary key (consumer, virtual_partition)
    );
    create table %1$I.dead_letters (
      consumer text not null,
      event_id uuid not null,
      tenant_id uuid not null,
      key text not null,
      virtual_partition smallint not null,
      position bigint not null,
      attempts integer not null,
      reason text not null,
      parked_at timestamptz not null,
      primary key (consumer, event_id)
    );
    create index dead_letters_by_key on %1$I.dead_letters (consumer, key);
    create table %1$I.inbox (
      tenant_id uuid not null,
      consumer text not null,
      event_id uuid not null,
      handled_at timestamptz not null,
      primary key (tenant_id, event_id, consumer)
    );
  $ddl$, service);
  foreach each_table in array array['outbox', 'outbox_partitions', 'cursors', 'dead_letters'] loop
    execute format('alter table %I.%I enable row level security', service, each_table);
    execute format('alter table %I.%I force row level security', service, each_table);
    execute format('create policy relay_only on %I.%I as permissive for all to %I using (true) with check (true)',
                   service, each_table, relay);
    execute format('grant select, insert, update, delete on %I.%I to %I', service, each_table, relay);
    execute format('comment on table %I.%I is %L', service, each_table, 'portico class=plumbing');
  end loop;
  execute format('create policy app_appends on %I.outbox as permissive for insert to %I with check (%s)',
                 service, app, tenant_condition);
  -- Not seq and position: those are what the order of events stands on.
  execute format('grant insert (id, tenant_id, topic, key, virtual_partition, type, headers, body, occurred_at) on %I.outbox to %I',
                 service, app);
  perform portico.declare_table(format('%I.inbox', service)::regclass, 'tenant');
end
$plumbing$;

do $owner$
declare
  routine regprocedure;
begin
  execute 'alter schema portico owner to portico_kit_owner';
  execute 'revoke all on schema portico from public';
  for routine in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'portico' loop
    execute format('alter routine %s owner to portico_kit_owner', routine);
    execute format('revoke all on routine %s from public', routine);
  end loop;
end
$owner$;

do $grants$
declare
  service text;
begin
  foreach service in array array['identity', 'tenancy', 'documents', 'workflow', 'messaging', 'billing'] loop
    execute format('grant usage on schema portico to %I, %I, %I',
                   'portico_' || service, 'portico_' || service || '_relay', 'portico_' || service || '_owner');
    execute format('grant execute on function portico.tenant(), portico.person(), portico.is_internal(), portico.all_accounts(), portico.accounts() to %I, %I, %I',
                   'portico_' || service, 'portico_' || service || '_relay', 'portico_' || service || '_owner');
    execute format('grant execute on function portico.declare_table(regclass, text, boolean), portico.create_plumbing(text) to %I',
                   'portico_' || service || '_owner');
  end loop;
end
$grants$;
