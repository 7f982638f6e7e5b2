-- A session is one login. Its refresh token is stored hashed (SHA-256); an ended session stays, and opens nothing.
create table sessions (
    id           bigint generated always as identity,
    account_id   bigint not null,
    refresh_hash bytea not null,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz not null,
    ended_at     timestamptz,
    constraint sessions_pkey primary key (id),
    constraint sessions_id_account_key unique (id, account_id),
    constraint sessions_refresh_hash_key unique (refresh_hash),
    constraint sessions_account_fkey foreign key (account_id) references accounts (id),
    constraint sessions_refresh_hash_check check (octet_length(refresh_hash) = 32),
    constraint sessions_expires_at_check check (expires_at > created_at)
);

create index sessions_account_idx on sessions (account_id) where ended_at is null;

-- A ticket opens one WebSocket connection: opening deletes it.
create table tickets (
    hash       bytea not null,
    session_id bigint not null,
    expires_at timestamptz not null,
    constraint tickets_pkey primary key (hash),
    constraint tickets_session_fkey foreign key (session_id) references sessions (id) on delete cascade,
    constraint tickets_hash_check check (octet_length(hash) = 32)
);

create index tickets_expires_at_idx on tickets (expires_at);

-- An open WebSocket connection, under API Gateway's id for it. account_id repeats the session's, held to it by the
-- key, so that the fan-out of a message finds an account's connections by one index.
create table connections (
    id           text not null,
    session_id   bigint not null,
    account_id   bigint not null,
    connected_at timestamptz not null default now(),
    seen_at      timestamptz not null default now(),
    constraint connections_pkey primary key (id),
    constraint connections_session_fkey foreign key (session_id, account_id)
        references sessions (id, account_id) on delete cascade,
    constraint connections_id_check check (char_length(id) between 1 and 128)
);

create index connections_account_idx on connections (account_id);
create index connections_session_idx on connections (session_id);
create index connections_seen_at_idx on connections (seen_at);
