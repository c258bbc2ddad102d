-- format 0: hx_ID_SECRET, 1: a UUID. Of what was issued before this step nobody knows; a rotation then makes an hx key.
-- replaced_by: the key that a rotation put in its place. limit_…: where its limits differ from the profile's, each over
-- an hour.
alter table api_keys
    add column limit_ingest_requests bigint,
    add column limit_ingest_bytes bigint,
    add column limit_read_requests bigint,
    add column limit_read_bytes bigint,
    add column format smallint not null default 0,
    add column replaced_by text;
