-- A picture that no profile shows expires; then its object and its row are deleted.
set local lock_timeout = '3s';
-- All shown pictures are updated.
set local statement_timeout = 0;

--   expires_at  when the picture expires; null while the account's profile shows it
--
-- New keys are random, so accounts no longer share them.
alter table pictures
    add column expires_at timestamptz default now() + interval '1 day';
update pictures p set expires_at = null from accounts a where a.id = p.account_id and a.picture_key = p.key;

create index pictures_expires_at_idx on pictures (expires_at);
create index pictures_key_idx on pictures (key);

-- The minute is longer than an upload, which writes the row before the object.
create function expire_pictures() returns trigger language plpgsql as $$
begin
    update pictures
    set expires_at = case
            when key = new.picture_key then null
            else least(expires_at, now() + interval '1 minute')
        end
    where account_id = new.id and (key in (old.picture_key, new.picture_key) or new.withdrawn_at is not null);
    return null;
end $$;

create trigger accounts_expire_pictures after update of picture_key, withdrawn_at on accounts
for each row
when ((new.picture_key, new.withdrawn_at) is distinct from (old.picture_key, old.withdrawn_at))
execute function expire_pictures();
