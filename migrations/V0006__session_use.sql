-- The time of a session's last use, for the account's list of sessions; and the first generation of its refresh tokens that is valid:
-- those from before the last change of password are not.
set local lock_timeout = '3s';

alter table sessions
    add column last_used_at timestamptz not null default now(),
    add column first_generation bigint not null default 1,
    add constraint sessions_first_generation_check check (first_generation between 1 and generation);

-- Until now, sessions were renewed without a limit. From now on they end at most 90 days after the login.
update sessions
set last_used_at = coalesce(rotated_at, created_at),
    expires_at = least(expires_at, created_at + interval '90 days');
