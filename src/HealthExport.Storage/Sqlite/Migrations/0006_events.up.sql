-- Events are listed by time.
create index health_events_start_at on health_events (user_id, start_at, kind, identity);
