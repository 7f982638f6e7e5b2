-- Measures of an operator against an account or a message.

-- statement: withdraw_by_name(username text, username_hash text)
update accounts set {{withdrawal}}
where lower(username) = lower(:username) and withdrawn_at is null
returning id;

-- statement: restrict(username text)
--
-- Also hides a company from the directory.
with account as (
    update accounts set restricted_at = coalesce(restricted_at, now())
    where lower(username) = lower(:username) and withdrawn_at is null
    returning id
), hidden as (
    update companies c set visible = false from account where c.account_id = account.id
)
select id from account;

-- statement: lift_restriction(username text)
update accounts set restricted_at = null
where lower(username) = lower(:username) and withdrawn_at is null
returning id;

-- statement: remove_message(room int8, seq int8, removed text)
--
-- Replaces the content of a message, also in the summary of its room.
with message as (
    update messages set content = :removed where room_id = :room and seq = :seq
    returning room_id, seq
), summary as (
    update rooms r set last_message = :removed
    from message m where r.id = m.room_id and r.last_seq = m.seq
)
select from message;
