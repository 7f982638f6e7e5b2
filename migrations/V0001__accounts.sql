-- Accounts: customers and companies in one table, so that a username is unique over both, for ever.
-- (id, kind) is a key so that other tables can point at a customer or a company and at nothing else.
create table accounts (
    id            bigint generated always as identity,
    kind          text not null,
    username      text not null,
    password_hash text not null,
    name          text not null,
    -- What the directory looks in: the name without regard to case and to how its characters are composed.
    search_name   text not null generated always as (lower(normalize(name))) stored,
    -- How many rooms a customer's list has; kept with the rooms, so that a page of the list needs no count.
    room_count    bigint not null default 0,
    created_at    timestamptz not null default now(),
    withdrawn_at  timestamptz,
    constraint accounts_pkey primary key (id),
    constraint accounts_id_kind_key unique (id, kind),
    constraint accounts_kind_check check (kind in ('customer', 'company')),
    constraint accounts_username_check check (username ~ '^[A-Za-z0-9]{6,20}$'),
    constraint accounts_password_hash_check check (password_hash like '$argon2id$%'),
    constraint accounts_name_check check (char_length(name) between 1 and 20),
    constraint accounts_room_count_check check (room_count >= 0)
);

create unique index accounts_username_key on accounts (lower(username));

-- What a company has beyond an account.
create table companies (
    account_id  bigint not null,
    kind        text not null generated always as ('company') stored,
    description text not null default '',
    visible     boolean not null default false,
    -- How many rooms its list has: those in which a person has typed. Here and not with the account, for a room's first message locks this
    -- row after the room's, and withdrawing locks the account's, then the rooms', then this.
    room_count  bigint not null default 0,
    -- How many entries its FAQ has: counted on the row that concurrent additions lock, so that the limit holds.
    faq_count   integer not null default 0,
    constraint companies_pkey primary key (account_id),
    constraint companies_account_fkey foreign key (account_id, kind) references accounts (id, kind),
    constraint companies_description_check check (char_length(description) <= 200),
    constraint companies_room_count_check check (room_count >= 0),
    constraint companies_faq_count_check check (faq_count between 0 and 6)
);

-- The directory: visible companies, newest first.
create index companies_directory_idx on companies (account_id desc) where visible;
