-- Sending a message, reading history, moving read markers.

-- statement: send_message(
--     session int8, connection text, room int8, client_message_id uuid, content text)
--
-- Checks the caller and the room, looks for a repeat, assigns the seq, stores the room's summary
-- and the message, and returns the connections to push to.
--
-- Besides its limits, it locks only the room's row. This row and its indexes contain all that the
-- lists show, count and filter by. The lock orders concurrent sends, so seq has no gap and no
-- duplicate, and `created_at`, taken under the lock, never goes back within a room.
--
-- Of two concurrent sends with the same `client_message_id`, the later one violates
-- `messages_client_message_id_key`. It is rolled back, including its seq, and the store runs it
-- again. The store also repeats a send that waited for the lock while the room was closed or the
-- customer was blocked.
with {{frame_caller(true)}}, {{room}}, existing as (
    select m.id, m.seq, m.type, m.content, m.created_at
    from room join messages m
        on m.room_id = room.id and m.sender = room.side and m.client_message_id = :client_message_id
), token as (
    {{message_token(room where not closed and not is_blocked and not exists (select from existing))}}
), counted as (
    update rooms r
    set last_seq = r.last_seq + 1,
        last_message = :content,
        last_message_at = greatest(r.last_message_at, clock_timestamp()),
        last_message_by_customer = room.side = 'customer',
        unanswered = room.side = 'customer',
        customer_sent = r.customer_sent + (room.side = 'customer')::int,
        company_sent = r.company_sent + (room.side = 'company')::int
    from room, token
    where r.id = room.id and not token.refused
      and r.closed_at is null and (room.side = 'company' or r.blocked_at is null)
    returning r.id, r.last_seq, r.last_message_at, r.customer_sent, r.company_sent, room.side
), inserted as (
    insert into messages
        (room_id, seq, sender, type, content, client_message_id, created_at, customer_sent, company_sent)
    select id, last_seq, side, 'general', :content, :client_message_id,
           last_message_at, customer_sent, company_sent from counted
    returning id, seq, type, content, created_at
), answer as (
    select *, true as new from inserted union all select *, false from existing
)
select {{frame_columns}}, room.id as room_id, room.me as sender_id, room.closed, room.is_blocked,
       token.refused, token.wait,
       answer.id as message_id, answer.seq, answer.type, answer.content, answer.created_at,
       :client_message_id as client_message_id, answer.new,
       {{sender(room.side)}}, own, theirs
from active left join room on true left join token on true left join answer on true
{{recipients(answer.seq)}};

-- statement: history(session int8, connection text, room int8, after int8, before int8, limit int8)
--
-- At most `:limit` messages right after the seq `:after`, right before the seq `:before`, or, if
-- both are null, the newest. Because seqs have no gaps, the bounds are calculated.
with {{caller}}, {{room}}, part as (
    select coalesce(:after, least(:before, room.last_seq + 1) - :limit - 1) as after from room
)
select room.id as room_id, room.last_seq, m.id as message_id, m.seq, m.type, m.content, m.created_at,
       case when m.sender = room.side then room.me else room.other end as sender_id,
       case when m.sender = room.side then m.client_message_id end as client_message_id
from caller left join room on true left join part on true
left join messages m on m.room_id = room.id and m.seq > part.after and m.seq <= part.after + :limit
order by m.seq;

-- statement: mark_read(session int8, connection text, room int8, seq int8)
--
-- Moves the caller's read marker to `:seq`, but never back and never past the newest message. The
-- column `seq` is null if the marker did not move.
--
-- The number of messages that a side has read is copied from the message at the marker. A stored
-- message never changes, so the number is correct even if messages are sent at the same time.
with {{frame_caller(true)}}, {{room}}, reached as (
    select m.seq, m.customer_sent, m.company_sent
    from room join lateral (
        select * from messages m
        where m.room_id = room.id and m.seq <= :seq order by m.seq desc limit 1
    ) m on true
), customer_moved as (
    update rooms r
    set customer_read_seq = reached.seq, customer_read_count = reached.company_sent
    from room, reached
    where r.id = room.id and room.side = 'customer' and r.customer_read_seq < reached.seq
    returning r.customer_read_seq as seq
), company_moved as (
    update rooms r
    set company_read_seq = reached.seq, company_read_count = reached.customer_sent
    from room, reached
    where r.id = room.id and room.side = 'company' and r.company_read_seq < reached.seq
    returning r.company_read_seq as seq
)
select {{frame_columns}}, room.id as room_id, room.me, moved.seq, own, theirs
from active left join room on true
left join (table customer_moved union all table company_moved) moved on true
{{recipients(moved.seq)}};
