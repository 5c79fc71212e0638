-- What the firm asks for again and again.
create table documents.request_templates (
  tenant_id uuid not null,
  id uuid not null,
  title text not null check (char_length(title) between 1 and 120),
  -- The title as it is compared and sorted.
  title_key text collate "C" not null,
  -- A list of objects: name, help, required, accept.
  items jsonb not null,
  due_days integer not null check (due_days between 0 and 250),
  version integer not null check (version > 0),
  primary key (tenant_id, id),
  unique (tenant_id, title_key)
);
select portico.declare_table('documents.request_templates', 'internal');
