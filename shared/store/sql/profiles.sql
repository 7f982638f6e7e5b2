-- The callers' own profiles.

-- statement: customer_profile(session int8, connection text)
with {{caller}}
select a.id, a.username, a.name, a.picture_key from caller join accounts a on a.id = caller.id;

-- statement: company_profile(session int8, connection text)
with {{caller}}
select a.id, a.username, a.name, a.picture_key, c.description, c.visible
from caller join accounts a on a.id = caller.id join companies c on c.account_id = a.id;

-- statement: change_profile(
--     session int8, connection text, name text, description text, changes_picture bool,
--     picture text, visible bool)
--
-- A null parameter leaves its column unchanged. If `:changes_picture` is true, a null `:picture`
-- removes the picture. If the caller did not upload the picture, or the picture expired, nothing
-- changes and the column `is_own` is false. Returns no row if the account withdrew or was
-- restricted meanwhile.
with {{caller}}, picture as (
    select :picture is null or exists (
        select from pictures p
        where p.account_id = caller.id and p.key = :picture
          and (p.expires_at is null or p.expires_at > now())) as is_own
    from caller
), account as (
    update accounts a
    set name = coalesce(:name, a.name),
        picture_key = case when :changes_picture then :picture else a.picture_key end
    from caller, picture
    where a.id = caller.id and a.withdrawn_at is null and a.restricted_at is null and picture.is_own
    returning a.id
), company as (
    update companies c
    set description = coalesce(:description, c.description), visible = coalesce(:visible, c.visible)
    from account where c.account_id = account.id
)
select is_own from picture where not is_own or exists (select from account);
