-- What the lists of rooms show and filter by, so that a page reads its rooms and nothing else: no
-- account, no message, no other room.
set local lock_timeout = '3s';
set local statement_timeout = 0;

-- No profile changes between its copying here and the trigger that copies its changes.
lock table accounts in share row exclusive mode;

--   <side>_name, <side>_search_name, <side>_picture_key
--                              copies of that side's profile, by the triggers below; null once it
--                              has withdrawn
--   last_message_by_customer   whether the newest message is on the customer's side
--   unanswered                 whether the newest general message is the customer's
--   <side>_unread              how many messages that side has not read
--   <side>_has_unread          whether there are any; the company's is null while no person has
--                              typed, which keeps the room off its list
alter table rooms
    add column customer_name text,
    add column customer_search_name text,
    add column customer_picture_key text,
    add column company_name text,
    add column company_search_name text,
    add column company_picture_key text,
    add column last_message_by_customer boolean not null default false,
    add column unanswered boolean not null default false,
    add column customer_unread bigint not null generated always as (company_sent - customer_read_count) stored,
    add column company_unread bigint not null generated always as (customer_sent - company_read_count) stored,
    add column customer_has_unread boolean not null generated always as (company_sent > customer_read_count) stored,
    add column company_has_unread boolean generated always as (
        case when customer_sent + company_sent > 0 then customer_sent > company_read_count end) stored;

update rooms r
set (customer_name, customer_search_name, customer_picture_key) = (
        select a.name, a.search_name, a.picture_key from accounts a where a.id = r.customer_id and a.withdrawn_at is null),
    (company_name, company_search_name, company_picture_key) = (
        select a.name, a.search_name, a.picture_key from accounts a where a.id = r.company_id and a.withdrawn_at is null),
    last_message_by_customer = (
        select m.sender = 'customer' from messages m where m.room_id = r.id and m.seq = r.last_seq),
    unanswered = r.customer_sent > 0 and (
        select m.sender = 'customer' from messages m
        where m.room_id = r.id and m.type = 'general' order by m.seq desc limit 1);

create function copy_profiles_into_room() returns trigger language plpgsql as $$
begin
    select name, search_name, picture_key
    into new.customer_name, new.customer_search_name, new.customer_picture_key
    from accounts where id = new.customer_id;
    select name, search_name, picture_key
    into new.company_name, new.company_search_name, new.company_picture_key
    from accounts where id = new.company_id;
    return new;
end $$;

-- Opening a room locks both accounts, so a profile that changes meanwhile is either in the copy or
-- finds the room.
create trigger rooms_copy_profiles before insert on rooms
for each row execute function copy_profiles_into_room();

create function copy_profile_into_rooms() returns trigger language plpgsql as $$
begin
    if new.withdrawn_at is not null then
        new.name := null;
        new.search_name := null;
        new.picture_key := null;
    end if;
    if new.kind = 'customer' then
        update rooms
        set customer_name = new.name, customer_search_name = new.search_name, customer_picture_key = new.picture_key
        where customer_id = new.id;
    else
        update rooms
        set company_name = new.name, company_search_name = new.search_name, company_picture_key = new.picture_key
        where company_id = new.id;
    end if;
    return null;
end $$;

-- Locks the account and then its rooms, as withdrawing does.
create trigger accounts_copy_profile after update of name, picture_key, withdrawn_at on accounts
for each row
when ((new.name, new.picture_key, new.withdrawn_at) is distinct from (old.name, old.picture_key, old.withdrawn_at))
execute function copy_profile_into_rooms();

create function note_newest_message() returns trigger language plpgsql as $$
begin
    update rooms
    set last_message_by_customer = new.customer_sent > old.customer_sent,
        unanswered = case
            when new.customer_sent + new.company_sent = old.customer_sent + old.company_sent then unanswered
            else new.customer_sent > old.customer_sent
        end
    where id = new.id;
    return null;
end $$;

-- The code before this migration sends without the two columns; the code after it never meets the
-- condition. The next release drops this trigger with its function, and the columns room_count of
-- accounts and companies, which nothing reads any more.
create trigger rooms_note_newest_message after update of last_seq on rooms
for each row
when (
    new.last_seq > old.last_seq
    and (
        new.last_message_by_customer <> (new.customer_sent > old.customer_sent)
        or new.unanswered <> (new.customer_sent > old.customer_sent)
        and new.customer_sent + new.company_sent > old.customer_sent + old.company_sent))
execute function note_newest_message();

-- The two lists. A list without a filter merges the ranges of an account, each of which is in the
-- order of the list; so one index serves every filter, and a send writes one entry. The names are
-- for searching, which otherwise would read every room.
drop index rooms_customer_list_idx;
drop index rooms_company_list_idx;
create index rooms_customer_list_idx
    on rooms (customer_id, customer_has_unread, unanswered, last_message_at desc, id desc) include (company_search_name);
create index rooms_company_list_idx
    on rooms (company_id, company_has_unread, unanswered, last_message_at desc, id desc) include (customer_search_name);

-- An account's total of unread messages is summed from these. A counter on the account's row would
-- be a lock that every send to a company waits for.
create index rooms_customer_unread_idx on rooms (customer_id, customer_unread) where customer_unread > 0;
create index rooms_company_unread_idx on rooms (company_id, company_unread) where company_unread > 0;
