-- Sessions. `renewal.sql` renews them.

-- clause: sessions_of_tokens(hashes)
--
-- The sessions to which the refresh tokens with these hashes belong, if their accounts are of the
-- kind `:kind`. A token can be of any generation. A token from before the last change of password
-- belongs to no session. The statement must continue with `order by s.id for no key update of s`.
select s.id, s.account_id
from refresh_tokens t join sessions s on s.id = t.session_id join accounts a on a.id = s.account_id
where t.hash = any(:hashes) and a.kind = :kind and t.generation >= s.first_generation

-- statement: begin_session(
--     subjects text[], account int8, password_hash text, refresh_hash bytea, replaced bytea[],
--     kind text)
--
-- Returns no row if the account has withdrawn, changed its password or been restricted since the
-- password was verified. The lock of the account's row excludes these changes during the statement.
-- `existing` is the session that an earlier run of the same call began.
with {{forgiven}}, existing as (
    select s.id, s.expires_at
    from refresh_tokens t join sessions s on s.id = t.session_id where t.hash = :refresh_hash
), account as (
    select id from accounts
    where id = :account and password_hash = :password_hash and withdrawn_at is null and restricted_at is null
      and not exists (select from existing)
    for share
), session as (
    insert into sessions as s (account_id, expires_at)
    select id, now() + interval '14 days' from account
    returning s.id, s.expires_at
), token as (
    insert into refresh_tokens (hash, session_id, generation) select :refresh_hash, id, 1 from session
), replaced as (
    -- Reads `account`, so that the account is locked before its sessions.
    {{sessions_of_tokens(:replaced)}} and exists (select from account)
    order by s.id for no key update of s
), ended as (
    update sessions s set ended_at = now()
    from replaced where s.id = replaced.id and s.ended_at is null
    returning s.account_id
)
select id, {{seconds_left}} as seconds, array(select distinct account_id from ended) as ended_of
from (select * from session union all select * from existing) begun;

-- statement: check_session(session int8, connection text)
with {{caller}} select from caller;

-- statement: own_sessions(session int8, connection text)
with {{caller}}
select s.id, s.created_at, s.last_used_at, s.id = caller.session_id as current
from caller join sessions s on s.account_id = caller.id
where s.ended_at is null and s.expires_at > now()
order by current desc, s.last_used_at desc, s.id desc limit 100;

-- statement: end_own_session(session int8, connection text, ended int8)
with {{caller}}, ended as (
    update sessions s set ended_at = now() from caller
    where s.id = :ended and s.account_id = caller.id and s.ended_at is null
    returning s.account_id
)
select array(select account_id from ended) as ended_of from caller;

-- statement: end_sessions(presented bytea[], kind text)
with session as (
    {{sessions_of_tokens(:presented)}}
    order by s.id for no key update of s
)
update sessions s set ended_at = coalesce(s.ended_at, now())
from session where s.id = session.id
returning s.account_id, s.id;

-- statement: end_other_sessions(account int8, session int8)
--
-- Ends the sessions of the account except `:session`.
update sessions set ended_at = now() where account_id = :account and id <> :session and ended_at is null;

-- statement: end_all_sessions(account int8)
update sessions set ended_at = now() where account_id = :account and ended_at is null;

-- statement: replace_tokens(session int8, refresh_hash bytea)
--
-- Makes the refresh token with this hash the only valid one of the session, after a change of
-- password. Returns no row if the session has ended.
with session as (
    update sessions s
    set generation = s.generation + 1, first_generation = s.generation + 1,
        rotated_at = clock_timestamp(), last_used_at = now(), expires_at = {{lives_until}}
    where s.id = :session and s.ended_at is null
    returning s.id, s.generation, s.expires_at
), inserted as (
    insert into refresh_tokens (hash, session_id, generation)
    select :refresh_hash, id, generation from session
)
select {{seconds_left}} as seconds from session;

-- statement: delete_connections_of_ended_sessions(accounts int8[])
delete from connections c using sessions s
where c.account_id = any(:accounts) and s.id = c.session_id and s.ended_at is not null
returning c.id;
