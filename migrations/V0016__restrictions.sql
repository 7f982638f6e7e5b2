-- Accounts that the operator of an installation restricts.
set local lock_timeout = '3s';

--   restricted_at  since when the account cannot log in; null without a restriction
alter table accounts add column restricted_at timestamptz;
