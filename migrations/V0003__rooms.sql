-- A room is the one conversation between one customer and one company. It carries what the lists show, so that a list
-- counts nothing and reads no message:
--   last_seq, last_message, last_message_at   of its newest message
--   <side>_sent        how many messages a person typed on that side
--   <side>_read_seq    that side's read marker
--   <side>_read_count  how many of the other side's typed messages stand at or before the marker
-- A side's unread count is the other side's _sent less its own _read_count.
create table rooms (
    id                  bigint generated always as identity,
    customer_id         bigint not null,
    customer_kind       text not null generated always as ('customer') stored,
    company_id          bigint not null,
    last_seq            bigint not null,
    last_message        text not null,
    last_message_at     timestamptz not null,
    customer_sent       bigint not null default 0,
    company_sent        bigint not null default 0,
    customer_read_seq   bigint not null default 0,
    customer_read_count bigint not null default 0,
    company_read_seq    bigint not null default 0,
    company_read_count  bigint not null default 0,
    created_at          timestamptz not null default now(),
    -- Since when one of its sides has withdrawn, and nothing can be said in it any more.
    closed_at           timestamptz,
    constraint rooms_pkey primary key (id),
    constraint rooms_sides_key unique (customer_id, company_id),
    constraint rooms_customer_fkey foreign key (customer_id, customer_kind) references accounts (id, kind),
    constraint rooms_company_fkey foreign key (company_id) references companies (account_id),
    constraint rooms_sent_check check (
        customer_sent >= 0 and company_sent >= 0 and customer_sent + company_sent <= last_seq),
    constraint rooms_customer_read_check check (
        customer_read_seq between 0 and last_seq and customer_read_count between 0 and company_sent),
    constraint rooms_company_read_check check (
        company_read_seq between 0 and last_seq and company_read_count between 0 and customer_sent)
);

-- The two lists, latest first; a company's has the rooms in which a person has typed.
create index rooms_customer_list_idx on rooms (customer_id, last_message_at desc, id desc);
create index rooms_company_list_idx on rooms (company_id, last_message_at desc, id desc)
    where customer_sent + company_sent > 0;

-- A message belongs to one side of its room, so its sender cannot be anybody else. customer_sent and company_sent are
-- the room's as of this message: moving a read marker to it needs no count.
create table messages (
    room_id           bigint not null,
    seq               bigint not null,
    id                bigint not null generated always as identity,
    sender            text not null,
    type              text not null,
    content           text not null,
    client_message_id uuid,
    -- The FAQ entry that a question was asked from, which may be gone by now.
    auto_reply_id     bigint,
    created_at        timestamptz not null,
    customer_sent     bigint not null,
    company_sent      bigint not null,
    constraint messages_pkey primary key (room_id, seq),
    constraint messages_id_key unique (id),
    constraint messages_client_message_id_key unique (room_id, sender, client_message_id),
    constraint messages_room_fkey foreign key (room_id) references rooms (id),
    constraint messages_seq_check check (seq >= 1),
    constraint messages_sender_check check (sender in ('customer', 'company')),
    constraint messages_type_check check (type in ('general', 'auto')),
    constraint messages_content_check check (char_length(content) between 1 and 2000),
    constraint messages_auto_reply_id_check check (auto_reply_id is null or type = 'auto'),
    constraint messages_client_message_id_check check (type = 'auto' or client_message_id is not null),
    constraint messages_sent_check check (customer_sent >= 0 and company_sent >= 0 and customer_sent + company_sent <= seq)
);
