-- The directory of companies. A caller is optional; without one `:has_caller` is false. A caller
-- whose session has ended gets no row.

-- statement: list_companies(
--     session int8, connection text, limit int8, offset int8, has_caller bool)
--
-- A page of the visible companies, newest first, read from the index of visible companies. If the
-- page is empty, the only row has `total`.
with {{caller}}, listed as (
    select c.account_id from companies c where c.visible
    order by c.account_id desc limit :limit offset :offset
)
select (select count(*) from companies c where c.visible) as total, a.id, a.name, c.description, a.picture_key
from (select) as always
left join listed on true
left join companies c on c.account_id = listed.account_id
left join accounts a on a.id = c.account_id
where not :has_caller or exists (select from caller)
order by a.id desc;

-- clause: found
--
-- The visible companies whose name contains `:keyword`, regardless of case and of compatibility
-- forms such as full-width letters.
companies c join accounts a on a.id = c.account_id
where c.visible and position(search_key(:keyword) in a.search_name) > 0

-- statement: search_companies(
--     session int8, connection text, keyword text, limit int8, offset int8, has_caller bool)
--
-- Like `list_companies`, for the companies whose name contains a keyword.
with {{caller}}, listed as (
    select c.account_id from {{found}} order by c.account_id desc limit :limit offset :offset
)
select (select count(*) from {{found}}) as total, a.id, a.name, c.description, a.picture_key
from (select) as always
left join listed on true
left join companies c on c.account_id = listed.account_id
left join accounts a on a.id = c.account_id
where not :has_caller or exists (select from caller)
order by a.id desc;

-- statement: company(session int8, connection text, company int8, has_caller bool)
--
-- The column `id` is null if the caller may not see the company.
with {{caller}}, {{company}}
select a.id, a.name, c.description, a.picture_key
from (select) as always
left join company on true
left join companies c on c.account_id = company.id
left join accounts a on a.id = company.id
where not :has_caller or exists (select from caller);
