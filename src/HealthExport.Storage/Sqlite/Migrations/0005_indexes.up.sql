-- Nothing asks for events by time.
drop index health_events_start_at;
