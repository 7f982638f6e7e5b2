//! The accounts of a run, their rooms and their clients.
//!
//! A company has about fifteen rooms; a customer has two, with two companies. Every second account
//! has two clients. Two clients of the same kind share a session like two tabs of a browser.

use std::sync::Arc;

use chatchat_harness::{Client, Failure, Person};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{account::Account, common::Common};

/// The approximate number of rooms of a company. A heartbeat can contain at most 20 rooms.
const ROOMS_PER_COMPANY: usize = 15;

/// How many accounts sign up at the same time. Each hashes a password twice.
const CONCURRENT_SIGN_UPS: usize = 4;

/// An account with its rooms.
pub struct Side {
    /// The name in reports.
    pub name: String,
    /// The account.
    pub account: Account,
    /// The rooms of the account.
    pub rooms: Vec<i64>,
    /// The number of clients.
    pub clients: usize,
}

/// Signs up all accounts and opens the rooms.
pub async fn set_up(client: &Client, rooms: usize, common: &Arc<Common>) -> Result<Vec<Side>, Failure> {
    // At least two, because a customer's two rooms are with different companies.
    let companies = sign_up(client, rooms.div_ceil(ROOMS_PER_COMPANY).max(2), false).await?;
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
    stream::iter((0..how_many).map(one)).buffered(CONCURRENT_SIGN_UPS).try_collect().await
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
