-- Renewing sessions with refresh tokens. `renewal.rs` describes the states of a token.

-- statement: renew_session(presented bytea[], successors bytea[], kind text)
--
-- Takes the hashes of the presented tokens and of their successors. Returns a row for each active
-- session to which a token belongs; `seconds` is null unless the session is renewed. A session may
-- be renewed 30 times in 10 minutes.
--
-- The locks on the sessions' rows order concurrent renewals. A renewal that waits for a lock sees
-- the generation that the other one added.
with presented as (
    select distinct on (t.session_id) t.session_id, t.generation, offered.successor
    from unnest(:presented, :successors) as offered (hash, successor)
    join refresh_tokens t on t.hash = offered.hash
    order by t.session_id, t.generation desc
), session as (
    select s.id, s.account_id, p.generation as presented, p.successor,
           case
               when p.generation < s.first_generation and s.generation = s.first_generation
                   and s.rotated_at > clock_timestamp() - interval '10 seconds' then 'superseded'
               when p.generation < s.first_generation then 'invalid'
               when p.generation = s.generation then 'current'
               when p.generation = s.generation - 1 then 'repeated'
               when p.generation = s.generation - 2
                   and s.rotated_at > clock_timestamp() - interval '10 seconds' then 'repeated'
               else 'replayed'
           end as state
    from presented p join sessions s on s.id = p.session_id join accounts a on a.id = s.account_id
    where a.kind = :kind and s.ended_at is null and s.expires_at > now()
      and s.created_at > now() - interval '90 days'
    order by s.id for no key update of s
), valid as (
    select * from session where state in ('current', 'repeated')
), chosen as (
    select * from valid where (select count(distinct account_id) from valid) = 1 order by id desc limit 1
), token as (
    {{token('renewals ' || id, '20 s', '10 min', '0', chosen)}}
), renewed as (
    update sessions s
    set generation = case chosen.state when 'current' then s.generation + 1 else s.generation end,
        rotated_at = case chosen.state when 'current' then clock_timestamp() else s.rotated_at end,
        last_used_at = now(), expires_at = {{lives_until}}
    from chosen, token where s.id = chosen.id and not token.refused
    returning s.id, s.expires_at
), inserted as (
    insert into refresh_tokens (hash, session_id, generation)
    select successor, id, presented + 1 from chosen, token where state = 'current' and not token.refused
), ended as (
    update sessions s set ended_at = now() from session where s.id = session.id and session.state = 'replayed'
)
select session.id, session.account_id, session.state, session.presented, session.successor,
       {{seconds_left}} as seconds, token.refused, token.wait
from session left join renewed on renewed.id = session.id left join token on true;

-- statement: refresh_token(session int8, generation int8)
select hash from refresh_tokens where session_id = :session and generation = :generation;
