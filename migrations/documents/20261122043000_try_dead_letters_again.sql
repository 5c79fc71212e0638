-- When an event that went to the dead letters while something was away is handed over again; null: only by hand.
alter table documents.dead_letters add column retry_at timestamptz;
