-- A session is one login; it owns a chain of refresh tokens, of which the newest generation is current. An ended session
-- opens nothing, and stays until it would have expired.
create table sessions (
    id         bigint generated always as identity,
    account_id bigint not null,
    generation bigint not null default 1,
    rotated_at timestamptz,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at   timestamptz,
    constraint sessions_pkey primary key (id),
    constraint sessions_id_account_key unique (id, account_id),
    constraint sessions_account_fkey foreign key (account_id) references accounts (id),
    constraint sessions_generation_check check (generation >= 1),
    constraint sessions_rotated_at_check check ((rotated_at is null) = (generation = 1)),
    constraint sessions_expires_at_check check (expires_at > created_at)
);

-- The refresh tokens that a session has had in the last 14 days, which is as long as a cookie lasts, hashed (SHA-256), so that
-- a replayed one is known for what it is.
create table refresh_tokens (
    hash       bytea not null,
    session_id bigint not null,
    generation bigint not null,
    created_at timestamptz not null default now(),
    constraint refresh_tokens_pkey primary key (hash),
    constraint refresh_tokens_generation_key unique (session_id, generation),
    constraint refresh_tokens_session_fkey foreign key (session_id) references sessions (id) on delete cascade,
    constraint refresh_tokens_hash_check check (octet_length(hash) = 32),
    constraint refresh_tokens_generation_check check (generation >= 1)
);

-- Password checks of the last minutes, by username and by address, whether or not there is such a name.
create table attempts (
    subject text not null,
    count   integer not null,
    since   timestamptz not null,
    constraint attempts_pkey primary key (subject),
    constraint attempts_subject_check check (char_length(subject) between 1 and 128),
    constraint attempts_count_check check (count >= 0)
);

create index attempts_since_idx on attempts (since);

create index refresh_tokens_created_at_idx on refresh_tokens (created_at);
create index sessions_account_idx on sessions (account_id) where ended_at is null;
create index sessions_expires_at_idx on sessions (expires_at);

-- A ticket opens one WebSocket connection: opening deletes it.
create table tickets (
    hash       bytea not null,
    session_id bigint not null,
    expires_at timestamptz not null,
    constraint tickets_pkey primary key (hash),
    constraint tickets_session_fkey foreign key (session_id) references sessions (id) on delete cascade,
    constraint tickets_hash_check check (octet_length(hash) = 32)
);

create index tickets_session_idx on tickets (session_id);
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
