-- Uploaded pictures.

-- statement: begin_upload(session int8, connection text)
--
-- An account may upload 30 pictures a day.
with {{caller}}, token as (
    {{token('pictures ' || id, '48 min', '1 day', '0', caller)}}
)
select refused, wait from token;

-- statement: keep_picture(session int8, connection text, key text)
with {{caller}}, inserted as (
    insert into pictures (account_id, key) select id, :key from caller
    on conflict on constraint pictures_pkey do nothing
)
select id from caller;
