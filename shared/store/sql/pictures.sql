-- Uploaded pictures.
--
-- Every object in the bucket has a row: the row is written before the object, and deleted after it.
-- A picture expires a day after its upload, or when the profile that showed it changes or its
-- account withdraws (`expire_pictures` in the migrations). A profile cannot show an expired
-- picture. Its object is deleted a minute later, when no statement that began before the expiry
-- still runs.

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

-- clause: is_deletable(picture)
:picture.expires_at < now() - interval '1 minute'

-- statement: deletable_pictures(limit int8)
--
-- Accounts can share a key that is older than random keys.
select distinct p.key as picture_key from pictures p
where {{is_deletable(p)}} and not exists (
    select from pictures other where other.key = p.key and ({{is_deletable(other)}}) is not true)
limit :limit;

-- statement: forget_pictures(keys text[])
delete from pictures p where p.key = any(:keys) and {{is_deletable(p)}};
