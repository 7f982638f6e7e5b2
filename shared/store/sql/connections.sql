-- Tickets and WebSocket connections.

-- statement: create_ticket(session int8, connection text, hash bytea, seconds int8)
with {{caller}}
insert into tickets (hash, session_id, expires_at)
select :hash, session_id, now() + :seconds * interval '1 second' from caller
on conflict (hash) do update set expires_at = excluded.expires_at
returning session_id;

-- statement: connect(ticket_hash bytea, connection text, language text)
--
-- Deletes the ticket, and opens the connection if the ticket was valid.
with used as (
    delete from tickets where hash = :ticket_hash returning session_id, expires_at
), session as (
    -- Locked, so that a statement that ends the session waits and then finds the connection.
    select s.id, s.account_id
    from used join sessions s on s.id = used.session_id
    where used.expires_at > now()
      and s.ended_at is null and s.expires_at > now()
    for share of s
)
insert into connections (id, session_id, account_id, language)
select :connection, id, account_id, :language from session
returning account_id;

-- statement: account_of_connection(connection text)
select account_id from connections where id = :connection;

-- statement: connection_state(session int8, connection text)
with {{caller}}
select c.language, exists (select from caller) as active from connections c where c.id = :connection;

-- statement: forget_gone_connections(connections text[])
delete from connections where id = any(:connections) and connected_at < now() - interval '30 seconds';

-- statement: forget_connections(connections text[])
delete from connections where id = any(:connections);

-- statement: typing(session int8, connection text, room int8)
with {{caller}}, {{room}}
select room.id as room_id, room.me, {{other_recipients}}
from caller left join room on true;

-- statement: heartbeat(session int8, connection text, rooms int8[], last_seqs int8[])
--
-- Returns the caller's rooms among `:rooms` whose newest seq is greater than the one in
-- `:last_seqs`.
with {{caller}}, seen as (
    update connections c set seen_at = now() from caller where c.id = :connection
)
select r.id, r.last_seq
from caller
left join unnest(:rooms, :last_seqs) as client (room_id, last_seq) on true
left join rooms r on r.id = client.room_id and r.last_seq > client.last_seq
    and caller.id in (r.customer_id, r.company_id);
