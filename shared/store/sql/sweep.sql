-- Dead connections and expired rows. Each statement handles at most `:limit` rows, so that it does
-- not hold its locks for long.

-- statement: dead_connections(limit int8)
--
-- API Gateway closes a connection after two hours. A client sends a heartbeat every four minutes.
select c.id from connections c join sessions s on s.id = c.session_id
where s.ended_at is not null or s.expires_at < now()
   or c.connected_at < now() - interval '125 minutes'
   or c.seen_at < now() - interval '15 minutes'
limit :limit;

-- clause: delete(table, expired)
with deleted as (
    delete from :table where ctid = any(array(select ctid from :table where :expired limit :limit))
    returning 1
)
select count(*) from deleted

-- statement: delete_expired_tickets(limit int8)
{{delete(tickets, expires_at < now())}};

-- statement: delete_expired_attempts(limit int8)
{{delete(attempts, since < now() - interval '15 minutes')}};

-- statement: delete_full_limits(limit int8)
--
-- Skips rows that a statement holds, because such a statement may lock several rows in another
-- order.
with deleted as (
    delete from limits where ctid = any(array(
        select ctid from limits where full_at < now() and day_full_at < now()
        limit :limit for update skip locked))
    returning 1
)
select count(*) from deleted;

-- statement: delete_expired_sessions(limit int8)
--
-- A session that has ended is kept, with its tokens, until it would have expired.
{{delete(sessions, expires_at < now())}};

-- statement: delete_expired_refresh_tokens(limit int8)
--
-- A replay is detected for 14 days, as long as a cookie lasts. The three newest tokens of a session
-- are kept until the session is deleted, because they can still be valid.
{{delete(refresh_tokens, created_at < now() - interval '14 days'
    and generation < (select s.generation - 2 from sessions s where s.id = session_id))}};
