-- Leaving a room: it is off the customer's list until its next message.
set local lock_timeout = '3s';
-- The generated columns are computed for all rooms.
set local statement_timeout = 0;

--   customer_left_seq    `last_seq` at the time when the customer left. The room is off the list
--                        while both are equal.
--   customer_unread      0 while the room is off the list
--   customer_has_unread  null while the room is off the list, like the company's
alter table rooms
    drop column customer_unread,
    drop column customer_has_unread,
    add column customer_left_seq bigint,
    add column customer_unread bigint not null generated always as (
        case when customer_left_seq = last_seq then 0 else company_sent - customer_read_count end) stored,
    add column customer_has_unread boolean generated always as (
        case when customer_left_seq is distinct from last_seq then company_sent > customer_read_count end) stored,
    add constraint rooms_customer_left_check check (customer_left_seq between 0 and last_seq);

-- As before; they were dropped with their columns.
create index rooms_customer_list_idx
    on rooms (customer_id, customer_has_unread, unanswered, last_message_at desc, id desc) include (company_search_name);
create index rooms_customer_unread_idx on rooms (customer_id, customer_unread) where customer_unread > 0;
