-- Names of the files in the answers, by id: what may stand there is what has been bound to the run's record.
alter table workflow.form_drafts add column labels jsonb not null default '{}';
alter table workflow.form_submissions add column labels jsonb not null default '{}';

-- Who is filling a form in. A row that nobody has renewed for a minute counts for nobody.
create table workflow.form_editors (
  tenant_id uuid not null,
  step_id uuid not null,
  person_id uuid not null,
  account_id uuid not null,
  name text not null,
  seen_at timestamptz not null,
  primary key (tenant_id, step_id, person_id),
  foreign key (tenant_id, step_id) references workflow.run_steps (tenant_id, id)
);
select portico.declare_table('workflow.form_editors', 'account');
