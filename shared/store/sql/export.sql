-- The export of an account.

-- clause: json_bytes(text)
--
-- The bytes of a text inside a JSON text inside JSON.
octet_length(to_json(to_json(:text)::text)::text)

-- statement: export(session int8, connection text, max_bytes int8, max_sessions int8)
--
-- The data of the caller's account, as JSON in the format of the API. An account may export once an
-- hour. The rooms are the newest, and the messages are the newest that the caller wrote, each at
-- most `:max_bytes` in the response of the function, which contains this JSON as a JSON text. A room
-- takes 220 bytes besides its name, and a message 170 besides its content.
with {{caller}}, token as (
    {{token('exports ' || id, '1 hour', '1 hour', '0', caller)}}
), account as (
    select a.* from caller join accounts a on a.id = caller.id cross join token where not token.refused
), room as (
    select r.*, sum({{json_bytes(coalesce(r.{{theirs}}_name, ''))}} + 220) over (order by r.id desc) as bytes
    from account join rooms r on r.{{mine}}_id = account.id
), newest as (
    select m.* from room join messages m on m.room_id = room.id and m.sender = '{{mine}}'
    order by m.created_at desc, m.room_id, m.seq limit :max_bytes / 170
), written as (
    select *, sum({{json_bytes(content)}} + 170) over (order by created_at desc, room_id, seq) as bytes
    from newest
)
select token.refused, token.wait, (
    select json_build_object(
        'account', json_build_object(
            'id', id, 'kind', kind, 'username', username, 'name', name,
            'imageUrl', '/pictures/' || picture_key, 'createdAt', api_time(created_at)),
        'company', (
            select json_build_object('description', description, 'profileVisibility', visible)
            from companies where account_id = account.id),
        'autoReplies', (
            select coalesce(json_agg(json_build_object(
                'question', question, 'answer', answer, 'createdAt', api_time(created_at)) order by id), '[]')
            from auto_replies where company_id = account.id),
        'pictures', (
            select coalesce(json_agg(json_build_object(
                'imageUrl', '/pictures/' || key, 'createdAt', api_time(created_at)) order by created_at), '[]')
            from pictures where account_id = account.id),
        'consents', (
            select coalesce(json_agg(json_build_object(
                'document', document, 'version', version, 'acceptedAt', api_time(accepted_at))
                order by accepted_at, document), '[]')
            from consents where account_id = account.id),
        'sessions', (
            select coalesce(json_agg(json_build_object(
                'id', id, 'createdAt', api_time(created_at), 'lastUsedAt', api_time(last_used_at),
                'endedAt', api_time(ended_at)) order by id), '[]')
            from (select * from sessions where account_id = account.id order by id desc limit :max_sessions) recent),
        'rooms', (
            select coalesce(json_agg(json_build_object(
                'id', id, 'receiverId', {{theirs}}_id, 'receiverName', {{theirs}}_name,
                'createdAt', api_time(created_at), 'readSeq', {{mine}}_read_seq,
                'blocked', blocked_at is not null) order by id), '[]')
            from room where bytes <= :max_bytes),
        'omittedRooms', (select count(*) from room where bytes > :max_bytes),
        'messages', (
            select coalesce(json_agg(json_build_object(
                'roomId', room_id, 'seq', seq, 'type', type, 'content', content,
                'createdAt', api_time(created_at)) order by created_at desc, room_id, seq), '[]')
            from written where bytes <= :max_bytes),
        'omittedMessages', (
            select count(*) from room join messages m on m.room_id = room.id and m.sender = '{{mine}}'
        ) - (select count(*) from written where bytes <= :max_bytes)
    )::text from account
) as export
from token;
