alter table deletions add column public_id blob;
-- Local dates, in days since 1970-01-01, where the span was given by them.
alter table deletions add column from_date integer;
alter table deletions add column to_date integer;
-- Whether the kept bytes of pushes go too.
alter table deletions add column with_payloads integer not null default 0;
-- 0: rows are being deleted, 1: payloads are, 2: done
alter table deletions add column stage integer not null default 2;
-- How many rows have gone so far, by what they are of: a JSON object.
alter table deletions add column counts text not null default '{}';
alter table deletions add column payload_count integer not null default 0;
alter table deletions add column finished_at integer;
-- What the audit trail shall say of it, as JSON, until it does.
alter table deletions add column entry text;

create index deletions_unfinished on deletions (user_id, up_to_ingestion) where stage < 2;
