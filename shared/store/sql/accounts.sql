-- Signing up, changing the password, withdrawing.

-- statement: create_account(
--     network text, kind text, username text, password_hash text, name text)
--
-- A company also gets a profile, which is empty and hidden. The column `id` is null if the username
-- is taken. A network may sign up 20 accounts an hour; attempts with a taken username count too, so
-- that a network cannot find out all usernames.
with token as (
    {{token('sign-ups ' || :network, '3 min', '1 hour', '0', (select) always)}}
), account as (
    insert into accounts (kind, username, password_hash, name)
    select :kind, :username, :password_hash, :name from token where not refused
    -- A hash has a random salt, so an account with the same hash is from an earlier run of this
    -- call.
    on conflict (lower(username)) do update set name = excluded.name
    where accounts.password_hash = excluded.password_hash
    returning id, kind
), company as (
    insert into companies (account_id) select id from account where kind = 'company'
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

-- statement: withdraw(session int8, connection text, password_hash text)
with {{caller}}, withdrawn as (
    update accounts a set withdrawn_at = now()
    from caller where a.id = caller.id and a.password_hash = :password_hash and a.withdrawn_at is null
    returning a.id
)
select caller.id as account_id, caller.session_id, exists (select from withdrawn) as verified
from caller;

-- statement: close_rooms(account int8)
update rooms set closed_at = clock_timestamp()
where (customer_id = :account or company_id = :account) and closed_at is null;

-- statement: hide_company(account int8)
update companies set visible = false where account_id = :account;
