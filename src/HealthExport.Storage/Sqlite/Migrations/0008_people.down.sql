drop index sources_ranked;
drop index users_being_erased;
alter table users drop column erasing_since;
