-- Erasing an account at its withdrawal, and the documents that accounts accepted.
set local lock_timeout = '3s';

--   username_hash  a keyed hash of the username in lower case, which keeps the username taken after a
--                  withdrawal; null for an account from before this migration, until its withdrawal
--   erased_at      when the contents of the messages of a withdrawn account were erased
-- A withdrawn account has its hash in the place of the username, and no name and no password hash.
alter table accounts
    add column username_hash text,
    add column erased_at timestamptz,
    alter column name drop not null,
    alter column search_name drop not null,
    alter column password_hash drop not null,
    drop constraint accounts_username_check,
    add constraint accounts_username_check check (
        username ~ '^[A-Za-z0-9]{6,20}$' or withdrawn_at is not null),
    add constraint accounts_profile_check check (
        name is not null and password_hash is not null or withdrawn_at is not null),
    add constraint accounts_erased_check check (erased_at is null or withdrawn_at is not null);

create unique index accounts_username_hash_key on accounts (username_hash);
create index accounts_to_erase_idx on accounts (withdrawn_at) where withdrawn_at is not null and erased_at is null;

-- The documents that an account accepted when it signed up.
create table consents (
    account_id  bigint not null,
    document    text not null,
    version     text not null,
    accepted_at timestamptz not null default now(),
    constraint consents_pkey primary key (account_id, document, version),
    constraint consents_account_fkey foreign key (account_id) references accounts (id),
    constraint consents_document_check check (document in ('terms', 'privacy')),
    constraint consents_version_check check (version ~ '^\d{4}-\d{2}-\d{2}$')
);

-- A time in the format of the API, for the export of an account.
create function api_time(at timestamptz) returns text language sql stable
return to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
