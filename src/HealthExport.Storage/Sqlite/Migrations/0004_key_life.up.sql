-- 0: hx_ID_SECRET, 1: a UUID. Of what was issued before this step nobody knows; a rotation then makes an hx key.
alter table api_keys add column format integer not null default 0;
-- the key that a rotation put in its place
alter table api_keys add column replaced_by text;
-- where its limits differ from the profile's, each over an hour
alter table api_keys add column limit_ingest_requests integer;
alter table api_keys add column limit_ingest_bytes integer;
alter table api_keys add column limit_read_requests integer;
alter table api_keys add column limit_read_bytes integer;
