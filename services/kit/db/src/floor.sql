-- What breaks the rules of the floor, one sentence an offence. No row where all is well. Any role may ask.
with ours as (
  select c.oid, n.nspname, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relowner, c.reloptions,
         format('%s.%s', n.nspname, c.relname) as name,
         substring(coalesce(obj_description(c.oid, 'pg_class'), '') from 'class=([a-z_]+)') as class
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('identity','tenancy','documents','workflow','messaging','billing')
    and c.relname <> '_sqlx_migrations'
),
tables as (select * from ours where relkind in ('r','p')),
scoped as (select * from tables where class in ('tenant','account','internal','account_internal')),
expected(class, policy) as (values
  ('tenant','allowed'), ('tenant','tenant_floor'),
  ('account','allowed'), ('account','tenant_floor'), ('account','account_floor'),
  ('internal','allowed'), ('internal','tenant_floor'), ('internal','internal_floor'),
  ('account_internal','allowed'), ('account_internal','tenant_floor'), ('account_internal','account_floor'), ('account_internal','internal_floor')
)
select format('%s has no class: declare it with portico.declare_table', name) from tables
  where class is null or class not in ('tenant','account','internal','account_internal','plumbing')
union all select format('%s does not force row level security', name) from tables where not relrowsecurity or not relforcerowsecurity
union all select format('%s lacks the policy %s of its class', s.name, e.policy) from scoped s join expected e using (class)
  where not exists (select from pg_policy p where p.polrelid = s.oid and p.polname = e.policy)
union all select format('%s has the policy %s, which its class does not have', s.name, p.polname) from scoped s
  join pg_policy p on p.polrelid = s.oid
  where p.polname <> 'relay_reads' and not exists (select from expected e where e.class = s.class and e.policy = p.polname)
union all select format('%s: the floor %s is not restrictive', s.name, p.polname) from scoped s join pg_policy p on p.polrelid = s.oid
  where p.polname like '%\_floor' and p.polpermissive
union all select format('%s: the floor %s says %s', s.name, p.polname, pg_get_expr(p.polqual, p.polrelid)) from scoped s join pg_policy p on p.polrelid = s.oid
  where p.polname = 'tenant_floor' and (pg_get_expr(p.polqual, p.polrelid) not in ('(tenant_id = ( SELECT portico.tenant() AS tenant))', '(tenant_id = (SELECT portico.tenant() AS tenant))')
     or pg_get_expr(p.polwithcheck, p.polrelid) is distinct from pg_get_expr(p.polqual, p.polrelid))
union all select format('%s: tenant_id may be null or is missing', s.name) from scoped s
  where not exists (select from pg_attribute a where a.attrelid = s.oid and a.attname = 'tenant_id' and a.attnotnull and not a.attisdropped)
union all select format('%s: account_id may be null or is missing', s.name) from scoped s where s.class like 'account%'
  and not exists (select from pg_attribute a where a.attrelid = s.oid and a.attname = 'account_id' and a.attnotnull and not a.attisdropped)
union all select format('%s: the unique index %s does not carry tenant_id, so it tells of other firms', s.name, i.indexrelid::regclass) from scoped s
  join pg_index i on i.indrelid = s.oid and i.indisunique
  where not exists (select from pg_attribute a where a.attrelid = s.oid and a.attname = 'tenant_id' and a.attnum = any (i.indkey::int2[]))
    -- Names of hosts are unique by nature; only the system writes them, before a firm is known.
    and i.indexrelid::regclass::text not in ('tenancy.hosts_host', 'tenancy.hosts_pkey', 'tenancy.tenants_slug')
union all select format('%s: the foreign key %s does not carry tenant_id to tenant_id', s.name, k.conname) from scoped s
  join pg_constraint k on k.conrelid = s.oid and k.contype = 'f'
  where not exists (
    select from unnest(k.conkey, k.confkey) as pair(here, there)
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = pair.here
    join pg_attribute b on b.attrelid = k.confrelid and b.attnum = pair.there
    where a.attname = 'tenant_id' and b.attname = 'tenant_id')
union all select format('%s is a view that does not ask as its reader', name) from ours
  where relkind = 'v' and not coalesce(reloptions::text like '%security_invoker=true%', false)
union all select format('%s is a materialised view, which no policy guards', name) from ours where relkind = 'm'
union all select format('%s is a sequence, which tells how much others write', o.name) from ours o where o.relkind = 'S'
  and not exists (select from pg_depend d join tables t on t.oid = d.refobjid and t.class = 'plumbing'
    where d.objid = o.oid and d.deptype = 'i' and (select relacl from pg_class where oid = o.oid) is null)
union all select format('%s is owned by %s, which also serves requests', name, relowner::regrole) from ours
  where relkind in ('r','p','v') and relowner::regrole::text not like '%\_owner'
union all select format('%s grants %s to %s', t.name, a.privilege_type, case when a.grantee = 0 then 'everybody' else a.grantee::regrole::text end)
  from tables t join pg_class c on c.oid = t.oid, aclexplode(c.relacl) a
  where a.grantee <> c.relowner and (a.grantee = 0 or a.privilege_type in ('TRUNCATE','REFERENCES','TRIGGER')
    or a.grantee::regrole::text not in ('portico_' || t.nspname, 'portico_' || t.nspname || '_relay'))
union all select format('the function %s runs with its owner''s rights', p.oid::regprocedure) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname in ('identity','tenancy','documents','workflow','messaging','billing','portico') and (p.prosecdef or p.proleakproof)
union all select format('the schema %s is open to %s', n.nspname, r.rolname) from pg_namespace n cross join pg_roles r
  where n.nspname not in ('identity','tenancy','documents','workflow','messaging','billing','portico','pg_catalog','information_schema')
    and n.nspname !~ '^pg_(toast|temp)' and r.rolname ~ '^portico_(identity|tenancy|documents|workflow|messaging|billing)(_relay)?$'
    and has_schema_privilege(r.oid, n.oid, 'usage')
union all select format('the role %s could bypass isolation', rolname) from pg_roles
  where rolname ~ '^portico_(identity|tenancy|documents|workflow|messaging|billing)(_relay|_migrate|_owner)?$' and (rolsuper or rolbypassrls or rolcreaterole or rolreplication)
union all select format('the role %s is a member of an owner', m.member::regrole) from pg_auth_members m
  where m.roleid::regrole::text like 'portico\_%\_owner' and m.member::regrole::text not like '%\_migrate'
