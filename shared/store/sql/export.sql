-- The export of an account.

-- statement: export(session int8, connection text, max_bytes int8)
--
-- Everything that is stored about the caller, as JSON in the format of the API. An account may
-- export once an hour. The messages are the newest that the caller wrote, at most `:max_bytes` in
-- the response of the function, which contains this JSON as a JSON text.
with {{caller}}, token as (
    {{token('exports ' || id, '1 hour', '1 hour', '0', caller)}}
), account as (
    select a.* from caller join accounts a on a.id = caller.id cross join token where not token.refused
), room as (
    select r.* from account join rooms r on r.{{mine}}_id = account.id
), written as (
    select m.*, sum(octet_length(to_json(to_json(m.content)::text)::text) + 170) over (order by m.created_at desc, m.room_id, m.seq) as bytes
    from room join messages m on m.room_id = room.id and m.sender = '{{mine}}'
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
            from sessions where account_id = account.id),
        'rooms', (
            select coalesce(json_agg(json_build_object(
                'id', id, 'receiverId', {{theirs}}_id, 'receiverName', {{theirs}}_name,
                'createdAt', api_time(created_at), 'readSeq', {{mine}}_read_seq,
                'blocked', blocked_at is not null) order by id), '[]')
            from room),
        'messages', (
            select coalesce(json_agg(json_build_object(
                'roomId', room_id, 'seq', seq, 'type', type, 'content', content,
                'createdAt', api_time(created_at)) order by created_at desc, room_id, seq), '[]')
            from written where bytes <= :max_bytes),
        'omittedMessages', (select count(*) from written where bytes > :max_bytes)
    )::text from account
) as export
from token;
