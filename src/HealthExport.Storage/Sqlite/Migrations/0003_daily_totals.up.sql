-- What each local day of a metric adds up to. `version` grows with every change of the day's rows; the figures are of
-- the version `computed`, and out of date when that is another. A day whose rows say nothing has a count of 0. The
-- columns from `samples` on are what the average of a measurement is made of, to join days to longer spans.
create table daily_totals (
    user_id integer not null references users (id) on delete cascade,
    metric_id integer not null references metrics (id),
    -- days since 1970-01-01
    local_date integer not null,
    version integer not null,
    computed integer not null default 0,
    utc_offset integer not null default 0,
    count integer not null default 0,
    sum real,
    min real,
    max real,
    avg real,
    latest real,
    latest_at integer,
    grain integer not null default 0,
    samples integer not null default 0,
    sample_sum real not null default 0,
    timed_samples integer not null default 0,
    timed_sum real not null default 0,
    timed_seconds real not null default 0,
    weighted_sum real not null default 0,
    weight real not null default 0,
    has_buckets integer not null default 0,
    primary key (user_id, metric_id, local_date)
) without rowid;

create index daily_totals_stale on daily_totals (user_id, metric_id, local_date) where version <> computed;

-- Remainders follow the sign, hence twice: days before 1970 round down, too.
insert into daily_totals (user_id, metric_id, local_date, version)
select distinct user_id, metric_id, (local_at - (local_at % 86400000000 + 86400000000) % 86400000000) / 86400000000, 1
from (
    select user_id, metric_id, start_at + case when grain < 3 then utc_offset * 60000000 else 0 end as local_at
    from samples
    where grain <= 3);
