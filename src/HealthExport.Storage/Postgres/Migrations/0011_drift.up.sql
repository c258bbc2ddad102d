-- What a person's pushes held that the reader did not know, by name, with nothing of its values.
create table drift (
    user_id bigint not null references users (id) on delete cascade,
    items bigint not null,
    pushes bigint not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    last_ingestion bigint not null,
    -- 0: section, 1: metric, 2: unit, 3: field
    kind smallint not null,
    -- both empty for the names that were too many to be told apart
    item_type text not null,
    name text not null,
    primary key (user_id, kind, item_type, name)
);
