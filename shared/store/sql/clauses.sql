-- Clauses that statements of several files share. `{{name}}` in a statement inserts the text of the
-- clause `name`; its `:parameters` are those of the statement.

-- clause: caller
--
-- The columns `id` and `session_id`: the account and the session of the caller. One row if the
-- session is active, no row if it has ended or expired. An account that withdraws ends its
-- sessions.
--
-- `:session` is the session of the access token. It is null for a frame; then `:connection` is the
-- connection that the frame came from.
caller as (
    {{active_session}}
)

-- clause: active_session
select s.account_id as id, s.id as session_id
from sessions s
where s.id = coalesce(:session, (select c.session_id from connections c where c.id = :connection))
  and s.ended_at is null and s.expires_at > now()

-- clause: frame_caller(is_counted)
--
-- The clause `caller` for statements that frames run. A connection may send 20 frames a second, and
-- 40 at once. A frame over the limit is counted too, so that a connection that continues exceeds
-- the limit more and more. `caller` then has no row, while `active` has the row of the session.
--
-- `:is_counted` is false if another statement has counted the frame. The statement returns
-- `{{frame_columns}}` and at least one row for the row of `active`.
active as (
    {{active_session}}
), frame as (
    insert into limits as l (subject, full_at)
    select 'frames ' || :connection, now() + interval '50 ms' from active
    where :connection is not null and :is_counted
    on conflict (subject) do update set full_at = greatest(l.full_at, now()) + interval '50 ms'
    returning full_at
), caller as (
    select active.* from active
    where not exists (select from frame where full_at > now() + interval '2 s')
)

-- clause: frame_columns
--
-- The account and the session of the caller, and the seconds until the bucket of the connection's
-- frames is full, which is null for a call without a connection.
(select id from active) as caller_id, (select session_id from active) as caller_session,
(select extract(epoch from full_at - now())::float8 from frame) as frame_time

-- clause: token(subject, time, times, day_time, source)
--
-- Takes a token from the bucket of `:subject` if `:source` has a row. A token returns after
-- `:time`, and the bucket is empty when tokens for `:times` are missing; those of a day return
-- after `:day_time`. Returns whether the call is over a limit, and the seconds until a token
-- returns. A call over a limit takes no token.
insert into limits as l (subject, full_at, day_full_at)
select :subject, now() + interval :time, now() + interval :day_time from :source
on conflict (subject) do update
set (full_at, day_full_at, refused) = (
    select case when fits then next else l.full_at end,
           case when fits then day_next else l.day_full_at end,
           not fits
    from (select greatest(l.full_at, now()) + interval :time,
                 greatest(l.day_full_at, now()) + interval :day_time) as taken (next, day_next)
    cross join lateral (
        select next <= now() + interval :times and day_next <= now() + interval '1 day') as bucket (fits)
)
returning refused, extract(epoch from greatest(
    full_at + interval :time - interval :times,
    day_full_at + interval :day_time - interval '1 day') - now())::float8 as wait

-- clause: message_token(source)
--
-- Takes a token of the messages of the session of `:source`: 5 a second and 20 at once, and 3,000 a
-- day.
{{token('messages ' || session_id, '200 ms', '4 s', '28.8 s', :source)}}

-- clause: room
--
-- The room `:room`, if it is one of the caller's; else no row. Comes after `caller`. Besides the
-- columns of the table it has `me` and `other`, the two accounts as the caller sees them; `side`,
-- the caller's side; and `closed`.
-- `is_blocked` is whether the caller is a customer that the company has blocked.
room as (
    select r.*, caller.id as me, caller.session_id, r.closed_at is not null as closed,
           r.customer_id = caller.id and r.blocked_at is not null as is_blocked,
           case when r.customer_id = caller.id then 'customer' else 'company' end as side,
           case when r.customer_id = caller.id then r.company_id else r.customer_id end as other
    from caller join rooms r on r.id = :room and caller.id in (r.customer_id, r.company_id)
)

-- clause: company
--
-- The column `id`: the company `:company`, if the caller may see it; else no row. Comes after
-- `caller`, which has no row for a request without a caller. Every caller may see a visible
-- company. Only the company itself, and customers that have a room with it, may see a hidden
-- company. No caller may see a withdrawn company.
company as (
    select c.account_id as id
    from companies c join accounts a on a.id = c.account_id
    where c.account_id = :company and a.withdrawn_at is null and (
        c.visible
        or c.account_id = (select id from caller)
        or exists (
            select from rooms r
            where r.customer_id = (select id from caller) and r.company_id = c.account_id))
)

-- clause: recipients(changed)
--
-- Joins the columns `own` and `theirs`: the connections to push to, of the caller's account and of
-- the other account of `room`, without the connection of the frame, `:connection`. The function is
-- in `migrations/V0015__recipients.sql`.
--
-- `:changed` is a column of the row that the statement has changed.
left join lateral recipients(:changed, room.me, room.other, :connection) recipients on true

-- clause: sender(side)
--
-- The columns `sender_name` and `picture_key`: the profile of the account on a side of `room`.
case :side when 'customer' then room.customer_name else room.company_name end as sender_name,
case :side when 'customer' then room.customer_picture_key else room.company_picture_key end as picture_key

-- clause: lives_until
--
-- When the session `s` expires if it is used now: in 14 days, as its cookie does, but at most
-- 90 days after the login.
least(now() + interval '14 days', s.created_at + interval '90 days')

-- clause: seconds_left
--
-- The seconds until `expires_at`, rounded up, so that an active session has at least one.
ceil(extract(epoch from expires_at - now()))::int8

-- clause: forgiven
--
-- Reduces the counts of `:subjects` after a correct password: of the username in its network to
-- zero, of the others by one. Locks the rows in the same order as `find_account`.
forgiven as (
    insert into attempts as a (subject, count, since)
    select subject, 0, now() from unnest(:subjects) subject
    on conflict (subject) do update
    set count = case when a.subject like 'pair %' then 0 else greatest(a.count - 1, 0) end
)
