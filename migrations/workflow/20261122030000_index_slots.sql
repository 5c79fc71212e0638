-- A booked time is taken from every meeting for which its host has offered it.
create index slots_by_host on workflow.slots (tenant_id, host_id, starts_at);
