alter table api_keys drop column limit_read_bytes;
alter table api_keys drop column limit_read_requests;
alter table api_keys drop column limit_ingest_bytes;
alter table api_keys drop column limit_ingest_requests;
alter table api_keys drop column replaced_by;
alter table api_keys drop column format;
