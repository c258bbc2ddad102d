-- What a person's pushes held that the reader did not know, by name, with nothing of its values.
create table drift (
    user_id integer not null,
    -- 0: section, 1: metric, 2: unit, 3: field
    kind integer not null,
    -- both empty for the names that were too many to be told apart
    item_type text not null,
    name text not null,
    items integer not null,
    pushes integer not null,
    first_seen_at integer not null,
    last_seen_at integer not null,
    last_ingestion integer not null,
    primary key (user_id, kind, item_type, name)
) without rowid;
