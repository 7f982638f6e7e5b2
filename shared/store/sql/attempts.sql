-- The throttle on password checks. A subject is a username or an address.

-- clause: counted
--
-- Counts one more attempt of each subject of the clause `subjects`, in a window of 15 minutes.
counted as (
    insert into attempts as a (subject, count, since)
    select subject, 1, now() from subjects
    on conflict (subject) do update
    set count = case when a.since > now() - interval '15 minutes' then a.count + 1 else 1 end,
        since = case when a.since > now() - interval '15 minutes' then a.since else now() end
    returning subject, count, since
)

-- clause: wait
--
-- The seconds to wait before the next attempt, or null if it is allowed. In a window, a username
-- has 10 attempts; an address, which the people of an office may share, has 100.
(select max(extract(epoch from since + interval '15 minutes' - now()))::float8 from counted
 where count > case when subject like 'username %' then 10 else 100 end)

-- statement: find_account(subjects text[], username text, kind text)
--
-- The subjects are counted first, so that concurrent attempts cannot exceed the limit, and whether
-- or not the account exists. The column `id` is null if it does not exist or has withdrawn.
with subjects as (select unnest(:subjects) as subject), {{counted}}
select counted.wait, a.id, a.password_hash
from (select {{wait}} as wait) counted
left join accounts a
    on lower(a.username) = :username and a.kind = :kind and a.withdrawn_at is null;

-- statement: own_account(session int8, connection text, address text)
--
-- Like `find_account`, for a caller that repeats its password. `:address` is a subject.
with {{caller}}, own as (
    select a.username, a.password_hash from caller join accounts a on a.id = caller.id
), subjects as (
    select 'username ' || lower(username) as subject from own
    union all
    select :address from own
), {{counted}}
select username, password_hash, {{wait}} as wait from own;

-- statement: forgive_attempts(subjects text[])
with {{forgiven}} select;
