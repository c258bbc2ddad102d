create index health_events_start_at on health_events (user_id, kind, start_at);
