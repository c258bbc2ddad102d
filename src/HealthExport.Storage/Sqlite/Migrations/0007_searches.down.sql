drop index sleep_sessions_source;
drop index workouts_made;
drop index workouts_start_at;
create index workouts_start_at on workouts (user_id, start_at);
