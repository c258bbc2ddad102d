-- A search at the same instants finds its row at once, however many start together; the list reads along it too.
drop index workouts_start_at;
create index workouts_start_at on workouts (user_id, start_at, end_at, id);

-- Whom an id that was sent may take the place of.
create index workouts_made on workouts (user_id, start_at, end_at, id) where id_is_made;

-- Sessions that may overlap, of one source, without those that overlap nothing.
create index sleep_sessions_source on sleep_sessions (user_id, source_id, start_at) where end_at > start_at;
