-- Opening, reading and leaving a room, and blocking its customer.

-- statement: open_room(session int8, connection text, company int8, guide text)
--
-- The column `id` is the room of the caller with the company, and null if there is none and none
-- was opened. `:guide` is the guide message with `{company}` in the place of the company's name. An
-- account may open 50 new rooms a day.
with {{caller}}, existing as (
    select r.id from rooms r join caller on r.customer_id = caller.id where r.company_id = :company
), customer as (
    -- Both accounts are locked against a withdrawal, so that no room is opened with a withdrawn
    -- account.
    select a.id from accounts a join caller on a.id = caller.id
    where a.withdrawn_at is null and not exists (select from existing)
    for no key update of a
), company as (
    select a.id, a.name
    from customer, accounts a join companies c on c.account_id = a.id
    where a.id = :company and c.visible and a.withdrawn_at is null
    for share of a
), token as (
    {{token('rooms ' || customer.id, '28.8 min', '1 day', '0', customer, company)}}
), opened as (
    insert into rooms (customer_id, company_id, last_seq, last_message, last_message_at)
    select customer.id, company.id, 1, replace(:guide, '{company}', company.name), clock_timestamp()
    from customer, company, token
    where not token.refused
    on conflict on constraint rooms_sides_key do nothing
    returning id, last_message, last_message_at
), guide as (
    insert into messages
        (room_id, seq, sender, type, content, created_at, customer_sent, company_sent)
    select id, 1, 'company', 'auto', last_message, last_message_at, 0, 0 from opened
)
select coalesce(opened.id, existing.id) as id, opened.id is not null as new,
       company.id is not null as visible, token.refused, token.wait
from caller left join token on true
left join company on true left join existing on true left join opened on true;

-- statement: room(session int8, connection text, room int8, limit int8)
--
-- The room with its newest messages, at most `:limit`.
with {{caller}}, {{room}}
select room.id as room_id, room.last_seq, room.{{mine}}_read_seq as read_seq,
       room.{{theirs}}_read_seq as receiver_read_seq,
       room.other as receiver_id, room.{{theirs}}_name as receiver_name,
       room.{{theirs}}_picture_key as picture_key, room.closed, room.blocked_at is not null as blocked,
       m.id as message_id, m.seq, m.type, m.content, m.created_at,
       case when m.sender = room.side then room.me else room.other end as sender_id,
       case when m.sender = room.side then m.client_message_id end as client_message_id
from caller left join room on true
left join messages m on m.room_id = room.id and m.seq > room.last_seq - :limit and m.seq <= room.last_seq
order by m.seq;

-- statement: block_customer(session int8, connection text, room int8, blocks bool)
--
-- Blocks the customer of a room, or ends the block if `:blocks` is false. The column `room_id` is
-- null if the caller is not the company of the room.
with {{caller}}, {{room}}, changed as (
    update rooms r set blocked_at = case when :blocks then coalesce(r.blocked_at, now()) end
    from room where r.id = room.id and room.side = 'company'
    returning r.id
)
select changed.id as room_id from caller left join changed on true;

-- statement: leave_room(session int8, connection text, room int8, seq int8)
--
-- The column `room_id` is null if the caller is not the customer of the room. A `:seq` of null
-- means the newest message.
with {{caller}}, {{room}}, left_room as (
    update rooms r set customer_left_seq = least(:seq, r.last_seq)
    from room where r.id = room.id and room.side = 'customer'
    returning r.id
)
select left_room.id as room_id from caller left join left_room on true;
