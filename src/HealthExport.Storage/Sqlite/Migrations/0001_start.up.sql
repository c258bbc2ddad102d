-- Instants are whole microseconds since 1970-01-01T00:00:00Z. From grain day (3) on, samples.start_at is the local date
-- at 00:00 UTC. Every key starts with user_id; user 0 is nobody. Texts are normalised; what is kept "as sent" is bytes.

create table users (
    -- never given out again, also after a person was erased
    id integer primary key autoincrement,
    public_id blob not null unique,
    email text not null,
    email_key text not null unique,
    display_name text,
    time_zone text,
    created_at integer not null,
    last_ingestion integer not null default 0,
    data_version integer not null default 0,
    settings_version integer not null default 0
);

create table api_keys (
    user_id integer not null references users (id),
    id text not null,
    name text not null,
    scopes integer not null,
    limit_profile text not null,
    lookup_hash blob not null,
    phc text not null,
    created_at integer not null,
    expires_at integer,
    revoked_at integer,
    last_used_at integer,
    primary key (user_id, id),
    check (revoked_at is null or revoked_at >= created_at)
) without rowid;

create unique index api_keys_lookup on api_keys (lookup_hash);
create unique index api_keys_id on api_keys (id);

-- One row: grows with every change to any key.
create table keys_version (
    user_id integer primary key check (user_id = 0),
    version integer not null
);
insert into keys_version (user_id, version) values (0, 1);

create table raw_ingestions (
    user_id integer not null references users (id),
    number integer not null,
    public_id blob not null,
    key_id text not null,
    status integer not null,
    received_at integer not null,
    started_at integer,
    finished_at integer,
    attempts integer not null default 0,
    size_bytes integer not null,
    sha256 blob not null,
    content_type text,
    headers text not null,
    time_zone text,
    -- what must be equal, beside the bytes, for a push to be the same: media type, aggregation header, zone
    sameness text not null,
    -- the ingestion whose chunks hold these bytes
    payload_number integer not null,
    chunk_count integer not null,
    has_payload integer not null default 1,
    duplicate_of integer,
    -- users.data_version after this push was applied
    data_version integer,
    receipt text,
    primary key (user_id, number)
);

create unique index raw_ingestions_public_id on raw_ingestions (user_id, public_id);
create index raw_ingestions_sha256 on raw_ingestions (user_id, sha256, number);
create index raw_ingestions_received_at on raw_ingestions (user_id, received_at, number);
-- What was not settled as a duplicate: the newest of it decides whether the next push is one.
create index raw_ingestions_applied on raw_ingestions (user_id, number) where status <> 4;
create index raw_ingestions_pending on raw_ingestions (user_id, sha256) where status in (0, 1);
create index raw_ingestions_status on raw_ingestions (status, received_at) where status in (0, 1, 5);

create table raw_chunks (
    user_id integer not null,
    number integer not null,
    ordinal integer not null,
    size_bytes integer not null,
    bytes blob not null,
    primary key (user_id, number, ordinal)
);

create table queue (
    user_id integer not null,
    number integer not null,
    due_at integer not null,
    is_replay integer not null default 0,
    lease blob,
    leased_by text,
    leased_until integer,
    primary key (user_id, number)
) without rowid;

create index queue_leased on queue (user_id) where lease is not null;

create table idempotency_keys (
    user_id integer not null,
    key text not null,
    sha256 blob not null,
    number integer not null,
    created_at integer not null,
    primary key (user_id, key)
) without rowid;

create index idempotency_keys_created_at on idempotency_keys (user_id, created_at);

create table rejected_items (
    user_id integer not null,
    number integer not null,
    ordinal integer not null,
    item_type text not null,
    item_index integer not null,
    code text not null,
    error text not null,
    hint text,
    field text,
    allowed_low real,
    allowed_high real,
    item blob not null,
    primary key (user_id, number, ordinal)
) without rowid;

create table metrics (
    id integer primary key autoincrement,
    name text not null,
    unit text not null,
    kind text not null,
    category text not null,
    is_known integer not null,
    lower_bound real,
    upper_bound real,
    unique (name, unit)
);

-- Which users registered an unknown (name, unit): at most 1,000 each.
create table user_metric_names (
    user_id integer not null,
    metric_id integer not null references metrics (id),
    primary key (user_id, metric_id)
) without rowid;

create table user_metrics (
    user_id integer not null,
    metric_id integer not null references metrics (id),
    count integer not null,
    first_at integer not null,
    first_offset integer not null,
    last_at integer not null,
    last_offset integer not null,
    latest_value real,
    -- bit g is set when there are rows of grain g
    grains integer not null,
    primary key (user_id, metric_id)
) without rowid;

-- How many of a user's rows of a metric come from each source (the key's, or the reported one of a bucket): what lists
-- the sources of a metric without reading its rows. Rows without a source are not counted.
create table user_metric_sources (
    user_id integer not null,
    metric_id integer not null references metrics (id),
    source_id integer not null,
    count integer not null,
    primary key (user_id, metric_id, source_id)
) without rowid;

create table sources (
    user_id integer not null,
    id integer not null,
    text text not null,
    rank integer,
    primary key (user_id, id)
) without rowid;

create unique index sources_text on sources (user_id, text);

create table samples (
    user_id integer not null,
    metric_id integer not null,
    grain integer not null,
    start_at integer not null,
    source_id integer not null,
    end_at integer,
    value real,
    min real,
    max real,
    utc_offset integer not null,
    reported_source_id integer,
    sent_unit text,
    extra text,
    ingestion integer not null,
    -- 1 while the bucket may hold only a part of what it stands for; else null
    may_not_shrink integer,
    primary key (user_id, metric_id, grain, start_at, source_id)
) without rowid;

-- The last push that wrote rows of a series.
create table series_pushes (
    user_id integer not null,
    metric_id integer not null,
    grain integer not null,
    ingestion integer not null,
    primary key (user_id, metric_id, grain)
) without rowid;

-- Rows that a later push superseded. `kind` is samples or sleep_sessions; the latter's row is `extra`, as JSON.
create table removed_samples (
    user_id integer not null,
    ingestion integer not null,
    ordinal integer not null,
    kind text not null,
    metric_id integer not null,
    grain integer not null,
    start_at integer not null,
    source_id integer not null,
    end_at integer,
    value real,
    min real,
    max real,
    utc_offset integer not null,
    reported_source_id integer,
    sent_unit text,
    extra text,
    written_by integer not null,
    primary key (user_id, ingestion, ordinal)
) without rowid;

create index removed_samples_key on removed_samples (user_id, metric_id, grain, start_at, source_id);

create table deletions (
    user_id integer not null,
    id integer not null,
    -- users.last_ingestion when it was asked for: it covers what these pushes hold
    up_to_ingestion integer not null,
    created_at integer not null,
    metric_name text,
    source text,
    from_at integer,
    to_at integer,
    primary key (user_id, id)
) without rowid;

create table sleep_stages (
    user_id integer not null,
    start_at integer not null,
    stage text not null,
    source_id integer not null,
    end_at integer not null,
    utc_offset integer not null,
    stage_as_sent text,
    extra text,
    ingestion integer not null,
    primary key (user_id, start_at, stage, source_id)
) without rowid;

create table sleep_sessions (
    user_id integer not null,
    start_at integer not null,
    source_id integer not null,
    end_at integer not null,
    utc_offset integer not null,
    in_bed_start_at integer,
    in_bed_end_at integer,
    in_bed_minutes real,
    asleep_minutes real,
    core_minutes real,
    deep_minutes real,
    rem_minutes real,
    awake_minutes real,
    extra text,
    ingestion integer not null,
    primary key (user_id, start_at, source_id)
) without rowid;

create table workouts (
    user_id integer not null,
    id blob not null,
    id_is_made integer not null,
    activity text,
    name_as_sent text not null,
    start_at integer not null,
    end_at integer not null,
    utc_offset integer not null,
    stamp_precision integer not null,
    duration_s real,
    active_energy_kcal real,
    total_energy_kcal real,
    distance_m real,
    heart_rate_min real,
    heart_rate_avg real,
    heart_rate_max real,
    elevation_up_m real,
    elevation_down_m real,
    speed_avg_mps real,
    speed_max_mps real,
    step_cadence_per_min real,
    is_indoor integer,
    location text,
    source_id integer not null,
    details text,
    ingestion integer not null,
    primary key (user_id, id)
) without rowid;

create index workouts_start_at on workouts (user_id, start_at);

-- Arrays are little-endian: int64 microseconds, float64 values.
create table workout_series (
    user_id integer not null,
    workout_id blob not null,
    name text not null,
    unit text not null,
    count integer not null,
    times blob not null,
    vals blob not null,
    mins blob,
    maxs blob,
    primary key (user_id, workout_id, name)
);

create table workout_routes (
    rowid integer primary key,
    user_id integer not null,
    workout_id blob not null,
    count integer not null,
    -- points as a compact blob: see RouteBlob
    points blob not null,
    unique (user_id, workout_id)
);

-- The box of each route, by workout_routes.rowid; longitudes first.
create virtual table workout_route_boxes using rtree (
    id, min_lon, max_lon, min_lat, max_lat
);

create table health_events (
    user_id integer not null,
    kind text not null,
    identity text not null,
    start_at integer,
    end_at integer,
    utc_offset integer not null,
    code text,
    text text,
    value real,
    source_id integer not null,
    item_type text not null,
    payload blob not null,
    ingestion integer not null,
    primary key (user_id, kind, identity)
);

create index health_events_start_at on health_events (user_id, kind, start_at);

create table ecg_voltages (
    user_id integer not null,
    kind text not null,
    identity text not null,
    frequency_hz real not null,
    start_at integer not null,
    count integer not null,
    -- little-endian float64 microvolts
    microvolts blob not null,
    primary key (user_id, kind, identity)
);

-- The requirements' names. Columns: docs/schema.md.
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
left join raw_ingestions i on i.user_id = s.user_id and i.number = s.ingestion;

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
left join raw_ingestions i on i.user_id = s.user_id and i.number = s.ingestion;

create view sleep_metrics as
select
    u.public_id as user_id,
    s.start_at as sleep_start,
    s.end_at as sleep_end,
    s.asleep_minutes as duration_minutes,
    s.in_bed_minutes,
    s.deep_minutes as deep_sleep_minutes,
    s.rem_minutes as rem_sleep_minutes,
    s.core_minutes as light_sleep_minutes,
    s.awake_minutes,
    src.text as source,
    s.extra as raw_data,
    i.received_at as created_at
from sleep_sessions s
join users u on u.id = s.user_id
left join sources src on src.user_id = s.user_id and src.id = s.source_id
left join raw_ingestions i on i.user_id = s.user_id and i.number = s.ingestion;

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
left join raw_ingestions i on i.user_id = s.user_id and i.number = s.ingestion;
