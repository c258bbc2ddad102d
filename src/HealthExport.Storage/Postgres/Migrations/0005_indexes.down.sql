create index health_events_start_at on health_events (user_id, kind, start_at);

create index audit_log_created_at_brin on audit_log using brin (created_at);

alter table raw_ingestions drop constraint raw_ingestions_pkey;
alter table raw_ingestions add primary key (user_id, number, received_at);
create unique index raw_ingestions_public_id on raw_ingestions (user_id, public_id, received_at);
create index raw_ingestions_received_at on raw_ingestions (user_id, received_at, number);
create index raw_ingestions_received_at_brin on raw_ingestions using brin (received_at);
