-- Who did what, when and from where; nobody's (user 0) too. Rows are written once, and go by age or with their person.
-- Partitioned like samples and raw_ingestions, and without foreign keys for the same reason.
create table audit_log (
    user_id bigint not null,
    created_at timestamptz not null,
    id uuid not null,
    action text not null,
    key_id text,
    resource text,
    ip text,
    user_agent text,
    request_id text,
    -- a JSON object
    metadata text,
    primary key (user_id, created_at, id)
) partition by range (created_at);

create index audit_log_created_at on audit_log (created_at, id);
create index audit_log_created_at_brin on audit_log using brin (created_at);

-- Where each key was used: an IPv4 address or an IPv6 /64.
create table key_addresses (
    user_id bigint not null references users (id) on delete cascade,
    -- exact to a day
    seen_at timestamptz not null,
    key_id text not null,
    network text not null,
    primary key (user_id, key_id, network)
);
