-- The lists of rooms: a statement for each filter, without and with a keyword.
--
-- The index of a list is sorted like the list only among rooms with the same `<side>_has_unread`
-- and the same `unanswered`. So a page is merged from four ranges of the index, or from two if
-- there is a filter. Each range has an `order by`: without it, PostgreSQL sorts all rooms instead
-- of merging the ranges.
--
-- A page begins after the room `:after` with `:after_time`, its `last_message_at`. Both are null
-- for the first page. An empty list returns one row, in which only `unread_total` is not null.

-- clause: unread
--
-- The column `total`: the number of the caller's unread messages, in all rooms of its list.
unread as materialized (
    select coalesce(sum(r.{{mine}}_unread), 0)::bigint as total
    from caller join rooms r on r.{{mine}}_id = caller.id and r.{{mine}}_unread > 0
)

-- clause: listed_room
--
-- The columns of a room in a list.
r.id, r.last_message, r.last_message_at, r.last_seq,
case when r.last_message_by_customer then r.customer_id else r.company_id end as last_message_sender_id,
r.{{mine}}_unread as unread, r.{{theirs}}_id as receiver_id, r.{{theirs}}_name as receiver_name,
r.{{theirs}}_picture_key as picture_key, r.closed_at is not null as closed, r.blocked_at is not null as blocked

-- clause: listed(has_unread, unanswered)
--
-- A range of the index, from the beginning of the page.
(select {{listed_room}} from rooms r
 where r.{{mine}}_id = caller.id and r.{{mine}}_has_unread = :has_unread and r.unanswered = :unanswered
   and (r.last_message_at, r.id) < (coalesce(:after_time, 'infinity'), coalesce(:after, 9223372036854775807))
 order by r.last_message_at desc, r.id desc limit :limit)

-- statement: list_rooms(
--     session int8, connection text, after_time timestamptz, after int8, limit int8)
with {{caller}}, {{unread}}
select unread.total as unread_total, r.*
from caller cross join unread
left join lateral (
    {{listed(true, true)}} union all {{listed(true, false)}} union all
    {{listed(false, true)}} union all {{listed(false, false)}}
    order by last_message_at desc, id desc limit :limit
) r on true
order by r.last_message_at desc, r.id desc;

-- statement: list_unread_rooms(
--     session int8, connection text, after_time timestamptz, after int8, limit int8)
with {{caller}}, {{unread}}
select unread.total as unread_total, r.*
from caller cross join unread
left join lateral (
    {{listed(true, true)}} union all {{listed(true, false)}}
    order by last_message_at desc, id desc limit :limit
) r on true
order by r.last_message_at desc, r.id desc;

-- statement: list_unanswered_rooms(
--     session int8, connection text, after_time timestamptz, after int8, limit int8)
with {{caller}}, {{unread}}
select unread.total as unread_total, r.*
from caller cross join unread
left join lateral (
    {{listed(true, true)}} union all {{listed(false, true)}}
    order by last_message_at desc, id desc limit :limit
) r on true
order by r.last_message_at desc, r.id desc;

-- clause: matching(has_unread, unanswered)
--
-- Like `listed`, for the rooms in which the name of the other side contains `:keyword`. PostgreSQL
-- searches the names in the index, and reads only the rooms that match.
(select r.id, r.last_message_at from rooms r
 where r.{{mine}}_id = caller.id and r.{{mine}}_has_unread = :has_unread and r.unanswered = :unanswered
   and (r.last_message_at, r.id) < (coalesce(:after_time, 'infinity'), coalesce(:after, 9223372036854775807))
   and position(search_key(:keyword) in r.{{theirs}}_search_name) > 0
 order by r.last_message_at desc, r.id desc limit :limit)

-- statement: search_rooms(
--     session int8, connection text, after_time timestamptz, after int8, limit int8, keyword text)
with {{caller}}, {{unread}}
select unread.total as unread_total, {{listed_room}}
from caller cross join unread
left join lateral (
    {{matching(true, true)}} union all {{matching(true, false)}} union all
    {{matching(false, true)}} union all {{matching(false, false)}}
    order by last_message_at desc, id desc limit :limit
) found on true left join rooms r on r.id = found.id
order by r.last_message_at desc, r.id desc;

-- statement: search_unread_rooms(
--     session int8, connection text, after_time timestamptz, after int8, limit int8, keyword text)
with {{caller}}, {{unread}}
select unread.total as unread_total, {{listed_room}}
from caller cross join unread
left join lateral (
    {{matching(true, true)}} union all {{matching(true, false)}}
    order by last_message_at desc, id desc limit :limit
) found on true left join rooms r on r.id = found.id
order by r.last_message_at desc, r.id desc;

-- statement: search_unanswered_rooms(
--     session int8, connection text, after_time timestamptz, after int8, limit int8, keyword text)
with {{caller}}, {{unread}}
select unread.total as unread_total, {{listed_room}}
from caller cross join unread
left join lateral (
    {{matching(true, true)}} union all {{matching(false, true)}}
    order by last_message_at desc, id desc limit :limit
) found on true left join rooms r on r.id = found.id
order by r.last_message_at desc, r.id desc;
