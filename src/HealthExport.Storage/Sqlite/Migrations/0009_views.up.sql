-- The key has the grain before the time: a view that names every grain lets a span of time be sought along the key.
drop view heart_rate_metrics;
drop view blood_pressure_metrics;
drop view activity_metrics;

create view heart_rate_metrics as
select
    u.public_id as user_id,
    s.start_at as recorded_at,
    s.min as min_bpm,
    s.value as avg_bpm,
    s.max as max_bpm,
    coalesce(src.text, rep.text) as source,
    s.extra as raw_data,
    i.received_at as created_at
from samples s
join metrics m on m.id = s.metric_id and m.name = 'heart_rate' and m.unit = '/min'
join users u on u.id = s.user_id
left join sources src on src.user_id = s.user_id and src.id = s.source_id
left join sources rep on rep.user_id = s.user_id and rep.id = s.reported_source_id
left join raw_ingestions i on i.user_id = s.user_id and i.number = s.ingestion
where s.grain in (0, 1, 2, 3, 4, 5, 6);

create view blood_pressure_metrics as
select
    u.public_id as user_id,
    s.start_at as recorded_at,
    s.value as systolic,
    d.value as diastolic,
    src.text as source,
    s.extra as raw_data,
    i.received_at as created_at
from samples s
join metrics m on m.id = s.metric_id and m.name = 'blood_pressure_systolic'
join metrics md on md.name = 'blood_pressure_diastolic' and md.unit = m.unit
join samples d on d.user_id = s.user_id and d.metric_id = md.id and d.grain = s.grain
    and d.start_at = s.start_at and d.source_id = s.source_id
join users u on u.id = s.user_id
left join sources src on src.user_id = s.user_id and src.id = s.source_id
left join raw_ingestions i on i.user_id = s.user_id and i.number = s.ingestion
where s.grain in (0, 1, 2, 3, 4, 5, 6);

create view activity_metrics as
select
    u.public_id as user_id,
    s.start_at as recorded_at,
    m.name as metric_type,
    s.value as value,
    m.unit as unit,
    coalesce(src.text, rep.text) as source,
    s.extra as raw_data,
    i.received_at as created_at
from samples s
join metrics m on m.id = s.metric_id and m.category = 'activity'
join users u on u.id = s.user_id
left join sources src on src.user_id = s.user_id and src.id = s.source_id
left join sources rep on rep.user_id = s.user_id and rep.id = s.reported_source_id
left join raw_ingestions i on i.user_id = s.user_id and i.number = s.ingestion
where s.grain in (0, 1, 2, 3, 4, 5, 6);
