drop index health_events_unmapped_value;
drop index health_events_unmapped;
drop index sleep_stages_unmapped;
drop index workouts_unmapped;
alter table users drop column mapped_by;
alter table health_events drop column value_text;
alter table health_events drop column value_code;
