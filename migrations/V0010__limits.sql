-- The limits of callers, and blocked customers.
set local lock_timeout = '3s';

-- Token buckets, such as that of the messages of a session. A full bucket has as many tokens as a
-- caller may use at once, and each token takes the same time to return. So a bucket is described by
-- the time at which it will be full:
--   full_at      when the bucket will be full again
--   day_full_at  the same for the bucket of a day, if the subject has one
--   refused      whether the newest call was over the limit
-- The table is not logged. A crash of the database empties it, which only fills the buckets.
create unlogged table limits (
    subject     text not null,
    full_at     timestamptz not null,
    day_full_at timestamptz not null default '-infinity',
    refused     boolean not null default false,
    constraint limits_pkey primary key (subject),
    constraint limits_subject_check check (char_length(subject) between 1 and 256)
) with (fillfactor = 50);

-- When the company blocked the customer of the room; null if it has not.
alter table rooms add column blocked_at timestamptz;
