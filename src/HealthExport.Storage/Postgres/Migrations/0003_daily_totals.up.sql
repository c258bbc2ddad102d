-- What each local day of a metric adds up to. `version` grows with every change of the day's rows; the figures are of
-- the version `computed`, and out of date when that is another. A day whose rows say nothing has a count of 0. The
-- columns from `samples` on are what the average of a measurement is made of, to join days to longer spans.
create table daily_totals (
    user_id bigint not null references users (id) on delete cascade,
    version bigint not null,
    computed bigint not null default 0,
    count bigint not null default 0,
    sum double precision,
    min double precision,
    max double precision,
    avg double precision,
    latest double precision,
    latest_at timestamptz,
    samples bigint not null default 0,
    sample_sum double precision not null default 0,
    timed_samples bigint not null default 0,
    timed_sum double precision not null default 0,
    timed_seconds double precision not null default 0,
    weighted_sum double precision not null default 0,
    weight double precision not null default 0,
    metric_id integer not null references metrics (id),
    local_date date not null,
    utc_offset smallint not null default 0,
    grain smallint not null default 0,
    has_buckets boolean not null default false,
    primary key (user_id, metric_id, local_date)
);

create index daily_totals_stale on daily_totals (user_id, metric_id, local_date) where version <> computed;

insert into daily_totals (user_id, metric_id, local_date, version)
select distinct user_id, metric_id,
    ((start_at at time zone 'UTC')
        + case when grain < 3 then utc_offset else 0 end * interval '1 minute')::date, 1
from samples
where grain <= 3;
