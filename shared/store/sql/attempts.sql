-- The throttle on password checks. Attempts are counted by subject, in windows of 15 minutes.

-- clause: counted(subject, source)
--
-- Counts one more attempt of `:subject` if `:source` has a row, and returns the count and the start
-- of its window.
insert into attempts as a (subject, count, since)
select :subject, 1, now() from :source
on conflict (subject) do update
set count = case when a.since > now() - interval '15 minutes' then a.count + 1 else 1 end,
    since = case when a.since > now() - interval '15 minutes' then a.since else now() end
returning count, since

-- clause: wait(exceeded)
--
-- The seconds until the last window of the rows `:exceeded` ends, or null if there is none.
(select max(extract(epoch from since + interval '15 minutes' - now()))::float8 from :exceeded)

-- statement: find_account(network text, pair text, name text, username text, kind text)
--
-- In a window, a network has 100 attempts; a username has 10 from one network (`:pair`), and 100
-- from all networks (`:name`). An attempt that is over the limit of its network or pair does not
-- count for the username, so that one client cannot use up the attempts of another.
--
-- The attempts are counted first, so that concurrent attempts cannot exceed a limit, and whether or
-- not the account exists. The column `id` is null if it does not exist or has withdrawn.
with network as (
    {{counted(:network, (select) always)}}
), pair as (
    {{counted(:pair, network where count <= 100)}}
), name as (
    {{counted(:name, pair where count <= 10)}}
), exceeded as (
    select since from network where count > 100
    union all select since from pair where count > 10
    union all select since from name where count > 100
)
select throttle.wait, a.id, a.password_hash, a.restricted_at is not null as restricted
from (select {{wait(exceeded)}} as wait) throttle
left join accounts a
    on lower(a.username) = :username and a.kind = :kind and a.withdrawn_at is null;

-- statement: own_account(session int8, connection text)
--
-- Like `find_account`, for a caller that enters its password again. Each session has 10 attempts,
-- which no other client can use up.
with {{caller}}, own as (
    select a.username, a.password_hash, caller.session_id
    from caller join accounts a on a.id = caller.id
), counted as (
    {{counted('session ' || own.session_id, own)}}
)
select username, password_hash, {{wait(counted where count > 10)}} as wait from own;

-- statement: forgive_session(session int8)
--
-- Resets the count of a session after a correct password.
update attempts set count = 0 where subject = 'session ' || :session;
