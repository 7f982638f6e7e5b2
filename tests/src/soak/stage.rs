//! The people of a run, their rooms and their clients.
//!
//! A company has about fifteen rooms, all on each of its connections; a customer has two, with two companies. Every other one of both has
//! two clients: a customer's tabs share a session, as tabs do, and a company's devices do the same.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{account::Account, participant::Common};
use crate::{Client, Failure, Person};

/// Rooms of a company, at most about; a heartbeat can ask about 20.
const ROOMS_OF_A_COMPANY: usize = 15;

/// How many people sign up at a time: a sign-up hashes a password twice.
const AT_ONCE: usize = 4;

/// Somebody with their rooms.
pub struct Side {
    /// What reports call them.
    pub name: String,
    /// Who they are.
    pub account: Account,
    /// Their rooms.
    pub rooms: Vec<i64>,
    /// How many clients they have.
    pub clients: usize,
}

/// Has everybody sign up and opens the rooms.
pub async fn set(client: &Client, rooms: usize, common: &Arc<Common>) -> Result<Vec<Side>, Failure> {
    // At least two, so that a customer's two rooms are two.
    let companies = sign_up(client, rooms.div_ceil(ROOMS_OF_A_COMPANY).max(2), false).await?;
    let customers = sign_up(client, rooms.div_ceil(2), true).await?;
    let mut companies: Vec<Side> = sides("company", companies, common);
    let mut customers: Vec<Side> = sides("customer", customers, common);
    for room in 0..rooms {
        let (customer, company) = (&mut customers[room / 2], room % companies.len());
        let company = &mut companies[company];
        let id = customer.account.person().await.open_room(&company.account.person().await).await?;
        customer.rooms.push(id);
        company.rooms.push(id);
    }
    companies.append(&mut customers);
    companies.retain(|side| !side.rooms.is_empty());
    Ok(companies)
}

async fn sign_up(client: &Client, how_many: usize, customers: bool) -> Result<Vec<Person>, Failure> {
    let one = |number: usize| async move {
        if customers {
            return Person::customer(client, &format!("고객 {number}")).await;
        }
        let company = Person::company(client, &format!("기업 {number}")).await?;
        company.become_visible().await?;
        Ok(company)
    };
    stream::iter((0..how_many).map(one)).buffered(AT_ONCE).try_collect().await
}

fn sides(kind: &str, people: Vec<Person>, common: &Arc<Common>) -> Vec<Side> {
    let side = |(number, person): (usize, Person)| Side {
        name: format!("{kind} {number}"),
        account: Account::new(person, Arc::clone(common)),
        rooms: Vec::new(),
        clients: if number % 2 == 0 { 2 } else { 1 },
    };
    people.into_iter().enumerate().map(side).collect()
}
