//! Compares the time of failed logins, which must not reveal whether a name exists.

use std::time::Instant;

use chatchat_harness::{Client, Failure, Person};
use reqwest::Method;
use serde_json::json;
use tokio_postgres::Client as Database;

use super::times::{median, milliseconds};

/// Alternates between an unknown name and a wrong password, and compares the medians.
pub async fn login(client: &Client, database: &Database) -> Result<(), Failure> {
    const TRIES: usize = 1000;
    let customer = Person::customer(client, "김하늘").await?;
    let (mut unknown, mut wrong) = (Vec::new(), Vec::new());
    for number in 0..TRIES + 20 {
        // The throttle would reject the eleventh try.
        if number % 4 == 0 {
            database.batch_execute("truncate attempts").await?;
        }
        for (username, times) in [("nobody0000", &mut unknown), (customer.username.as_str(), &mut wrong)] {
            let body = json!({ "username": username, "password": "wrong-2026" });
            let started = Instant::now();
            client.call(Method::POST, "/customer/session", None, &body).await?.expect(400)?;
            if number >= 20 {
                times.push(started.elapsed());
            }
        }
    }
    let (unknown, wrong) = (median(&mut unknown), median(&mut wrong));
    println!("failed logins, medians of {TRIES} tries each");
    println!("  unknown name       {:7.2} ms", milliseconds(unknown));
    println!("  wrong password     {:7.2} ms", milliseconds(wrong));
    let difference = (unknown.as_secs_f64() / wrong.as_secs_f64() - 1.0) * 100.0;
    println!("  difference         {difference:+7.2} %   (target: less than 5 %)");
    Ok(())
}
