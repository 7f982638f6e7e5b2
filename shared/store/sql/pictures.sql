-- Uploaded pictures.

-- statement: keep_picture(session int8, connection text, key text)
with {{caller}}, inserted as (
    insert into pictures (account_id, key) select id, :key from caller
    on conflict on constraint pictures_pkey do nothing
)
select id from caller;
