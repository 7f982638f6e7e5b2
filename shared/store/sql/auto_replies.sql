-- The FAQ of companies.

-- statement: own_auto_replies(session int8, connection text)
with {{caller}}
select f.id, f.question, f.answer
from caller left join auto_replies f on f.company_id = caller.id
order by f.id;

-- statement: create_auto_reply(session int8, connection text, question text, answer text)
--
-- The column `id` is null if the company has six entries. The company's row counts its entries, and
-- the lock of the row enforces the limit for concurrent additions.
with {{caller}}, counted as (
    update companies c set faq_count = c.faq_count + 1
    from caller where c.account_id = caller.id and c.faq_count < 6
    returning c.account_id
), entry as (
    insert into auto_replies (company_id, question, answer)
    select account_id, :question, :answer from counted
    returning id
)
select entry.id from caller left join entry on true;

-- statement: change_auto_reply(
--     session int8, connection text, entry int8, question text, answer text)
--
-- The column `id` is null if the caller has no such entry.
with {{caller}}, changed as (
    update auto_replies f set question = :question, answer = :answer
    from caller where f.id = :entry and f.company_id = caller.id
    returning f.id
)
select changed.id from caller left join changed on true;

-- statement: delete_auto_reply(session int8, connection text, entry int8)
--
-- The column `id` is null if the caller has no such entry.
with {{caller}}, deleted as (
    delete from auto_replies f using caller
    where f.id = :entry and f.company_id = caller.id
    returning f.id, f.company_id
), counted as (
    update companies c set faq_count = c.faq_count - 1
    from deleted where c.account_id = deleted.company_id
)
select deleted.id from caller left join deleted on true;

-- statement: auto_replies(session int8, connection text, company int8, has_caller bool)
--
-- The column `company_id` is null if the caller may not see the company.
with {{caller}}, {{company}}
select company.id as company_id, f.id, f.question, f.answer
from (select) as always
left join company on true
left join auto_replies f on f.company_id = company.id
where not :has_caller or exists (select from caller)
order by f.id;

-- statement: ask_auto_reply(
--     session int8, connection text, room int8, entry int8, client_message_id uuid)
--
-- Like `send_message`, but stores two messages, which take two seqs: the question on the customer's
-- side and the answer on the company's.
with {{caller}}, {{room}}, entry as (
    select f.question, f.answer from room join auto_replies f on f.id = :entry and f.company_id = room.other
), existing as (
    select m.seq from room join messages m
        on m.room_id = room.id and m.sender = room.side and m.client_message_id = :client_message_id
), token as (
    {{message_token(room cross join entry
        where not closed and not is_blocked and not exists (select from existing))}}
), counted as (
    update rooms r
    set last_seq = r.last_seq + 2,
        last_message = entry.answer,
        last_message_by_customer = false,
        last_message_at = greatest(r.last_message_at, clock_timestamp())
    from room, entry, token
    where r.id = room.id and not token.refused and r.closed_at is null and r.blocked_at is null
    returning r.id, r.last_seq, r.last_message_at, r.customer_sent, r.company_sent,
              entry.question, entry.answer
), inserted as (
    insert into messages
        (room_id, seq, sender, type, content, client_message_id, auto_reply_id,
         created_at, customer_sent, company_sent)
    select id, last_seq - 1, 'customer', 'auto', question, :client_message_id, :entry,
           last_message_at, customer_sent, company_sent from counted
    union all
    select id, last_seq, 'company', 'auto', answer, null, null,
           last_message_at, customer_sent, company_sent from counted
    returning id, seq, sender, type, content, client_message_id, auto_reply_id, created_at
), answer as (
    select *, true as new from inserted
    union all
    select m.id, m.seq, m.sender, m.type, m.content, m.client_message_id, m.auto_reply_id, m.created_at, false
    from existing join room on true join messages m on m.room_id = room.id
        and (m.seq = existing.seq or m.seq = existing.seq + 1 and m.type = 'auto' and m.sender = 'company')
)
select room.id as room_id, room.closed, room.is_blocked, token.refused, token.wait, exists (select from entry) as found, answer.auto_reply_id,
       answer.id as message_id, answer.seq, answer.type, answer.content, answer.created_at, answer.new,
       case when answer.sender = room.side then room.me else room.other end as sender_id,
       case when answer.sender = room.side then answer.client_message_id end as client_message_id,
       {{sender(answer.sender)}}, own, theirs
from caller left join room on true left join token on true left join answer on true
{{recipients(answer.seq)}}
order by answer.seq;
