drop table key_addresses;
drop table audit_log;
