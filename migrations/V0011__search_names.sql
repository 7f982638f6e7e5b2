-- Searching finds names regardless of compatibility forms too, such as full-width Latin letters.
set local lock_timeout = '3s';
-- The generated column is computed for all accounts.
set local statement_timeout = 0;

-- A name or a keyword as they are compared: without compatibility forms, composed, in lower case.
create function search_key(name text) returns text
    language sql immutable strict parallel safe
    return lower(normalize(name, NFKC));

-- PostgreSQL before version 17 cannot change the expression of a generated column.
alter table accounts
    drop column search_name,
    add column search_name text not null generated always as (search_key(name)) stored;

-- No trigger copies a generated column that changes alone.
update rooms r set customer_search_name = a.search_name
from accounts a where a.id = r.customer_id and r.customer_search_name <> a.search_name;
update rooms r set company_search_name = a.search_name
from accounts a where a.id = r.company_id and r.company_search_name <> a.search_name;
