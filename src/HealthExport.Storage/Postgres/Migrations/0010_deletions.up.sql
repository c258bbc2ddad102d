alter table deletions add column public_id uuid;
-- Local dates, where the span was given by them.
alter table deletions add column from_date date;
alter table deletions add column to_date date;
-- Whether the kept bytes of pushes go too.
alter table deletions add column with_payloads boolean not null default false;
-- 0: rows are being deleted, 1: payloads are, 2: done
alter table deletions add column stage smallint not null default 2;
-- How many rows have gone so far, by what they are of: a JSON object.
alter table deletions add column counts text not null default '{}';
alter table deletions add column payload_count integer not null default 0;
alter table deletions add column finished_at timestamptz;
-- What the audit trail shall say of it, as JSON, until it does.
alter table deletions add column entry text;

create index deletions_unfinished on deletions (user_id, up_to_ingestion) where stage < 2;

-- Taking away a metric that only one person sent would read each of these whole, once for each metric, for want of an
-- index that no query wants. Their rows of unknown metrics are there only beside one in user_metric_names, which keeps
-- its foreign key: who registers a name holds it.
alter table user_metrics drop constraint user_metrics_metric_id_fkey;
alter table user_metric_sources drop constraint user_metric_sources_metric_id_fkey;
alter table series_pushes drop constraint series_pushes_metric_id_fkey;
alter table daily_totals drop constraint daily_totals_metric_id_fkey;
