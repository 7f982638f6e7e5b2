-- The language of error messages on a connection, from the handshake's Accept-Language.
set local lock_timeout = '3s';

alter table connections
    add column language text not null default 'ko',
    add constraint connections_language_check check (language in ('ko', 'en'));
