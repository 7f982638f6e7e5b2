-- Which account uploaded which picture: an account's profile shows only what the account itself uploaded. The key is the picture's name in
-- the bucket; it is made from the content, so two accounts can have the same one.
create table pictures (
    account_id bigint not null,
    key        text not null,
    created_at timestamptz not null default now(),
    constraint pictures_pkey primary key (account_id, key),
    constraint pictures_account_fkey foreign key (account_id) references accounts (id),
    constraint pictures_key_check check (key ~ '^profile/[0-9a-f]{64}\.(jpg|png)$')
);

-- The picture that an account's profile shows. Its address may change, its key does not.
alter table accounts
    add column picture_key text,
    add constraint accounts_picture_fkey foreign key (id, picture_key) references pictures (account_id, key);
