drop index health_events_start_at;
