-- Who did what, when and from where; nobody's (user 0) too. Rows are written once, and go by age or with their person.
create table audit_log (
    user_id integer not null,
    created_at integer not null,
    id blob not null,
    action text not null,
    key_id text,
    resource text,
    ip text,
    user_agent text,
    request_id text,
    -- a JSON object
    metadata text,
    primary key (user_id, created_at, id)
) without rowid;

create index audit_log_created_at on audit_log (created_at, id);

-- Where each key was used: an IPv4 address or an IPv6 /64.
create table key_addresses (
    user_id integer not null references users (id),
    key_id text not null,
    network text not null,
    -- exact to a day
    seen_at integer not null,
    primary key (user_id, key_id, network)
) without rowid;
