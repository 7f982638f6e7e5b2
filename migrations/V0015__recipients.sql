-- The connections to which the events of a room are pushed.
set local lock_timeout = '3s';

-- Returns the connections of `account`, except `sending`, and those of `other`; for a null account
-- an empty array. Leaves out the connections of sessions that have ended or expired. An account has
-- at most 50 connections, so this returns the newest 50 of each.
--
-- `changed` is a column of the row that the statement has changed, so that the statement calls this
-- after its change. If it is null, the statement has changed nothing, and both results are null.
--
-- `$connect` locks its account exclusively until it commits, and this locks both accounts until the
-- statement commits. So a connection that is opened at the same time is either found here, although
-- the statement may be older, or it is open only after the statement has committed, and then the
-- client fetches the change.
create function recipients(
    changed bigint, account bigint, other bigint, sending text, out own text[], out theirs text[])
language plpgsql as $$
begin
    if changed is null then return; end if;
    -- In ascending order, so that two calls cannot wait for each other.
    perform pg_advisory_xact_lock_shared(least(account, other));
    perform pg_advisory_xact_lock_shared(greatest(account, other));
    -- A query of the function sees everything that was committed before it.
    select array(select c.id from connections c join sessions s on s.id = c.session_id
                 where c.account_id = account and c.id is distinct from sending
                   and s.ended_at is null and s.expires_at > now()
                 order by c.connected_at desc limit 50),
           array(select c.id from connections c join sessions s on s.id = c.session_id
                 where c.account_id = other and s.ended_at is null and s.expires_at > now()
                 order by c.connected_at desc limit 50)
    into own, theirs;
end $$;
