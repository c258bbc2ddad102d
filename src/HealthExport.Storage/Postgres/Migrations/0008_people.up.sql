-- When the person began to be erased: neither key nor push is taken from then on. Null for everybody else.
alter table users add column erasing_since timestamptz;

create index users_being_erased on users (erasing_since) where erasing_since is not null;
create index sources_ranked on sources (user_id, rank) where rank is not null;
