-- Signing up, changing the password, withdrawing and erasing.

-- statement: create_account(
--     network text, kind text, username text, username_hash text, password_hash text, name text,
--     documents text[], versions text[])
--
-- A company also gets a profile, which is empty and hidden. The account accepts these versions of
-- the documents. The column `id` is null if the username is taken. A network may sign up 20
-- accounts an hour; attempts with a taken username count too, so that a network cannot find out all
-- usernames.
with token as (
    {{token('sign-ups ' || :network, '3 min', '1 hour', '0', (select) always)}}
), account as (
    insert into accounts (kind, username, username_hash, password_hash, name)
    select :kind, :username, :username_hash, :password_hash, :name from token
    -- An account from before `username_hash` does not have it.
    where not refused and not exists (
        select from accounts where lower(username) = lower(:username) and username_hash is null)
    -- A hash has a random salt, so an account with the same hash is from an earlier run of this
    -- call.
    on conflict (username_hash) do update set name = excluded.name
    where accounts.password_hash = excluded.password_hash
    returning id, kind
), company as (
    insert into companies (account_id) select id from account where kind = 'company'
    on conflict do nothing
), consents as (
    insert into consents (account_id, document, version)
    select id, document, version
    from account, unnest(:documents, :versions) as accepted (document, version)
    on conflict do nothing
)
select account.id, token.refused, token.wait from token left join account on true;

-- statement: change_password(session int8, connection text, old_hash text, new_hash text)
with {{caller}}, changed as (
    update accounts a set password_hash = :new_hash
    from caller where a.id = caller.id and a.password_hash = :old_hash and a.withdrawn_at is null
    returning a.id
)
select caller.id as account_id, caller.session_id, exists (select from changed) as verified
from caller;

-- statement: replace_hash(account int8, old_hash text, new_hash text)
--
-- Returns the current hash, which is another one if a concurrent call has replaced it: `for no key
-- update` waits for that call and then returns its hash. No row if the account has withdrawn.
with account as (
    select id, password_hash from accounts where id = :account and withdrawn_at is null
    for no key update
), replaced as (
    update accounts a set password_hash = :new_hash
    from account where a.id = account.id and account.password_hash = :old_hash
    returning a.password_hash
)
select coalesce((select password_hash from replaced), password_hash) as password_hash from account;

-- clause: withdrawal
--
-- The new values of a withdrawn account. A trigger also removes the copies of the profile in the
-- account's rooms.
withdrawn_at = now(), username = :username_hash, username_hash = :username_hash,
name = null, password_hash = null, picture_key = null

-- statement: withdraw(session int8, connection text, password_hash text, username_hash text)
with {{caller}}, withdrawn as (
    update accounts a set {{withdrawal}}
    from caller where a.id = caller.id and a.password_hash = :password_hash and a.withdrawn_at is null
    returning a.id
)
select caller.id as account_id, caller.session_id, exists (select from withdrawn) as verified
from caller;

-- statement: close_rooms(account int8)
update rooms set closed_at = clock_timestamp()
where (customer_id = :account or company_id = :account) and closed_at is null;

-- statement: erase_guide_messages(account int8, guide text)
--
-- Replaces the guide messages in a company's rooms, which contain its name.
with guide as (
    update messages m set content = :guide
    from rooms r where r.company_id = :account and m.room_id = r.id and m.seq = 1 and m.type = 'auto'
)
update rooms set last_message = :guide where company_id = :account and last_seq = 1;

-- statement: erase_company(account int8)
with deleted as (delete from auto_replies where company_id = :account)
update companies set visible = false, description = '', faq_count = 0 where account_id = :account;

-- statement: erase_messages(days int8, erased text, limit int8)
--
-- Replaces the contents of at most `:limit` messages that an account wrote which withdrew more than
-- `:days` days ago, also in the summaries of rooms. Returns the number of messages, and one more
-- when an account has no more of them.
with withdrawn as (
    select id, kind from accounts
    where withdrawn_at < now() - :days * interval '1 day' and erased_at is null
    order by withdrawn_at limit 1
), room as (
    select r.id from withdrawn w join rooms r on r.customer_id = w.id
    union
    select r.id from withdrawn w join rooms r on r.company_id = w.id
), erased as (
    update messages m set content = :erased
    from (
        select m.room_id, m.seq
        from withdrawn w, room join messages m on m.room_id = room.id
        where m.sender = w.kind and m.content <> :erased and not (m.seq = 1 and m.type = 'auto')
        limit :limit
    ) written
    where m.room_id = written.room_id and m.seq = written.seq
    returning m.room_id, m.seq
), summary as (
    update rooms r set last_message = :erased from erased where r.id = erased.room_id and r.last_seq = erased.seq
), finished as (
    update accounts a set erased_at = now() from withdrawn w
    where a.id = w.id and not exists (select from erased)
    returning a.id
)
select (select count(*) from erased) + (select count(*) from finished) as count;
