-- Tickets and WebSocket connections.

-- statement: create_ticket(session int8, connection text, hash bytea, seconds int8)
--
-- A session may create 30 tickets in 10 minutes.
with {{caller}}, token as (
    {{token('tickets ' || session_id, '20 s', '10 min', '0', caller)}}
), created as (
    insert into tickets (hash, session_id, expires_at)
    select :hash, session_id, now() + :seconds * interval '1 second' from caller, token where not token.refused
    on conflict (hash) do update set expires_at = excluded.expires_at
)
select refused, wait from token;

-- statement: connect(ticket_hash bytea, connection text, language text)
--
-- Deletes the ticket, and opens the connection if the ticket was valid. An account has at most 10
-- connections, a company 50; `surplus` are the oldest ones beyond them. They are deleted and have
-- to be closed.
with used as (
    delete from tickets where hash = :ticket_hash returning session_id, expires_at
), session as (
    -- The session is locked, so that a statement that ends it waits and then finds the connection.
    -- The new row would lock the account later, after the lock of the next clause.
    select s.id, s.account_id, a.kind
    from used join sessions s on s.id = used.session_id join accounts a on a.id = s.account_id
    where used.expires_at > now()
      and s.ended_at is null and s.expires_at > now()
    for key share of a for share of s
), locked as materialized (
    -- For the statements that push (`migrations/V0015__recipients.sql`). They lock rows before the
    -- account. The rows that `surplus` locks after it are locked by no statement that pushes.
    select id, account_id, pg_advisory_xact_lock(account_id) from session
), opened as (
    insert into connections (id, session_id, account_id, language)
    select :connection, id, account_id, :language from locked
    returning account_id
), surplus as (
    -- The statement does not see its new connection, so 9 or 49 others may stay.
    delete from connections where id = any(array(
        select c.id from session join connections c on c.account_id = session.account_id
        order by c.connected_at desc
        offset (select case kind when 'company' then 49 else 9 end from session)))
    returning id
)
select account_id, (select id from session) as session_id, array(select id from surplus) as surplus from opened;

-- statement: account_of_connection(connection text)
select account_id, session_id, null::text[] as surplus from connections where id = :connection;

-- statement: connection_state(session int8, connection text, is_counted bool)
--
-- `:is_counted` is whether to count a frame.
with {{frame_caller(:is_counted)}}
select {{frame_columns}}, c.language, exists (select from active) as active
from connections c where c.id = :connection;

-- statement: forget_gone_connections(connections text[])
delete from connections where id = any(:connections) and connected_at < now() - interval '30 seconds';

-- statement: disconnect(connection text)
delete from connections where id = :connection returning account_id, session_id;

-- statement: forget_connections(connections text[])
delete from connections where id = any(:connections);

-- statement: typing(session int8, connection text, room int8)
--
-- The column `is_relayed` is false if the connection typed in the room less than 3 seconds ago, or
-- if the company has blocked the caller.
with {{frame_caller(true)}}, {{room}}, token as (
    {{token('typing ' || room.id || ' ' || :connection, '3 s', '3 s', '0', room where not is_blocked)}}
)
select {{frame_columns}}, room.id as room_id, room.me, token.refused is false as is_relayed, theirs
from active left join room on true left join token on true
left join lateral recipients(case when not token.refused then room.id end, null, room.other, null) on true;

-- statement: heartbeat(session int8, connection text, rooms int8[], last_seqs int8[])
--
-- Returns the caller's rooms among `:rooms` whose newest seq is greater than the one in
-- `:last_seqs`.
with {{frame_caller(true)}}, seen as (
    update connections c set seen_at = now() from caller where c.id = :connection
)
select {{frame_columns}}, r.id, r.last_seq
from active left join caller on true
left join unnest(:rooms, :last_seqs) as client (room_id, last_seq) on true
left join rooms r on r.id = client.room_id and r.last_seq > client.last_seq
    and caller.id in (r.customer_id, r.company_id);
