-- Every statement on raw_ingestions bounds the time of receipt, also one that looks for a number or a public id: a key
-- that has it before the number serves them all, and lists too. The others cost every push a key each, and served none.
drop index raw_ingestions_received_at;
drop index raw_ingestions_public_id;
drop index raw_ingestions_received_at_brin;
alter table raw_ingestions drop constraint raw_ingestions_pkey;
alter table raw_ingestions add primary key (user_id, received_at, number);

-- Partitions leave nothing for it to find.
drop index audit_log_created_at_brin;

-- Nothing asks for events by time.
drop index health_events_start_at;
