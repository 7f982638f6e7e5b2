//! The throttle on password checks: attempts are counted by name and by address, whether or not there is such a name.

use std::net::IpAddr;

use chatchat_domain::{AccountKind, Caller};
use tokio_postgres::{Row, types::Type};

use crate::{
    Account, Store, StoreError,
    clauses::{caller, sql},
    row,
};

/// `counted`: one more attempt of each subject of the clause `subjects`, in a window of 15 minutes.
macro_rules! counted {
    () => {
        "counted as (
             insert into attempts as a (subject, count, since)
             select subject, 1, now() from subjects
             on conflict (subject) do update
             set count = case when a.since > now() - interval '15 minutes' then a.count + 1 else 1 end,
                 since = case when a.since > now() - interval '15 minutes' then a.since else now() end
             returning subject, count, since
         )"
    };
}

/// How many seconds the one who tried has to wait; null for none. A name has 10 attempts in a window; an address, which
/// an office may share, has 100.
macro_rules! wait {
    () => {
        "(select max(extract(epoch from since + interval '15 minutes' - now()))::float8 from counted
          where count > case when subject like 'username %' then 10 else 100 end)"
    };
}

/// `forgiven`: the attempts of the subjects `$1` after a right password. It locks their rows in the order in which `counted` does.
macro_rules! forgiven {
    () => {
        "forgiven as (
             insert into attempts as a (subject, count, since)
             select subject, 0, now() from unnest($1) subject
             on conflict (subject) do update
             set count = case when a.subject like 'username %' then 0 else greatest(a.count - 1, 0) end
         )"
    };
}

pub(crate) use forgiven;

impl Store {
    /// Counts an attempt to log in, and finds the account of that kind and name that has not withdrawn. Counting comes
    /// first, so that concurrent attempts cannot slip past the limit; a name that does not exist is counted the same.
    pub async fn find_account(
        &self,
        kind: AccountKind,
        username: &str,
        address: &str,
    ) -> Result<Option<Account>, StoreError> {
        let subjects = subjects(username, address);
        let row = self
            .row(
                sql!(
                    "with subjects as (select unnest($1) as subject), ",
                    counted!(),
                    " select counted.wait, a.id, a.password_hash
                      from (select ",
                    wait!(),
                    " as wait) counted
                      left join accounts a
                          on lower(a.username) = $2 and a.kind = $3 and a.withdrawn_at is null"
                ),
                // Lowered where it is counted too, so that no spelling is a name of its own to the one and the same to the other.
                &[
                    (&subjects, Type::TEXT_ARRAY),
                    (&username.to_lowercase(), Type::TEXT),
                    (&kind.as_str(), Type::TEXT),
                ],
            )
            .await?
            .ok_or_else(|| StoreError::unexpected("counting gives a row"))?;
        unless_throttled(&row)?;
        let Some(id) = row::optional_id(&row, "id")? else { return Ok(None) };
        Ok(Some(Account { id, password_hash: row::get(&row, "password_hash")? }))
    }

    /// The same for a caller who is asked for their password again. Gives their username and its hash.
    pub async fn own_password<R>(
        &self,
        caller: &Caller<R>,
        address: &str,
    ) -> Result<(String, String), StoreError> {
        let rows = self
            .as_caller(
                caller,
                sql!(
                    "with ",
                    caller!(),
                    ", own as (
                         select a.username, a.password_hash from caller join accounts a on a.id = caller.id
                     ), subjects as (
                         select 'username ' || lower(username) as subject from own
                         union all
                         select $3 from own
                     ), ",
                    counted!(),
                    " select username, password_hash, ",
                    wait!(),
                    " as wait from own"
                ),
                &[(&address_subject(address), Type::TEXT)],
            )
            .await?;
        unless_throttled(&rows[0])?;
        Ok((row::get(&rows[0], "username")?, row::get(&rows[0], "password_hash")?))
    }

    /// Forgets the attempts of a name, and one of an address: the password was right.
    pub async fn forgive_attempts(&self, username: &str, address: &str) -> Result<(), StoreError> {
        self.rows(sql!("with ", forgiven!(), " select"), &[(&subjects(username, address), Type::TEXT_ARRAY)])
            .await
            .map(drop)
    }
}

/// What attempts are counted by: the name first, then the address, so that concurrent counts lock in one order.
pub(crate) fn subjects(username: &str, address: &str) -> Vec<String> {
    let name: String = username.to_lowercase().chars().take(40).collect();
    vec![format!("username {name}"), address_subject(address)]
}

/// An IPv6 address counts as its /64, which is what one household has.
fn address_subject(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("address {a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => format!("address {}", address.chars().take(40).collect::<String>()),
    }
}

fn unless_throttled(row: &Row) -> Result<(), StoreError> {
    match row::get::<Option<f64>>(row, "wait")? {
        Some(seconds) => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped to a quarter of an hour"
            )]
            let seconds = seconds.ceil().clamp(1.0, 900.0) as u32;
            Err(StoreError::TooManyAttempts(seconds))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_by_name_without_case_and_by_network() {
        assert_eq!(subjects("Haneul01", "192.0.2.7"), ["username haneul01", "address 192.0.2.7"]);
        assert_eq!(subjects("x", "2001:db8:1:2:3:4:5:6")[1], "address 2001:db8:1:2::/64");
        assert!(
            subjects(&"가".repeat(1000), &"9".repeat(1000))
                .iter()
                .all(|subject| subject.chars().count() < 60)
        );
    }
}
