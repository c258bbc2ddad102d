-- HealthKit's value of a category: how severe a symptom is, what an entry of the cycle says. The code, and as sent.
alter table health_events add column value_code text;
alter table health_events add column value_text text;

-- The table of texts that the person's rows were mapped by last, as a number made of it.
alter table users add column mapped_by integer;

-- Texts without a code: who adds a canonical stage makes the second of these anew.
create index workouts_unmapped on workouts (user_id, substr(name_as_sent, 1, 200), start_at)
    where activity is null;
create index sleep_stages_unmapped on sleep_stages (user_id, substr(stage, 1, 200), start_at)
    where stage not in ('in_bed', 'asleep', 'awake', 'core', 'deep', 'rem', 'unspecified');
create index health_events_unmapped on health_events (user_id, kind, substr(text, 1, 200), start_at)
    where code is null and text is not null
        and kind in ('state_of_mind', 'medication', 'symptom', 'cycle', 'ecg', 'heart_rate_notification');
create index health_events_unmapped_value on health_events (user_id, kind, substr(value_text, 1, 200), start_at)
    where value_code is null and value_text is not null and kind in ('symptom', 'cycle');
