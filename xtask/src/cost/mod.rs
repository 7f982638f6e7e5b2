//! `cargo xtask cost`: what a month on AWS costs, from a table of prices and what a message, a connection and a call take.

mod bill;
mod month;
mod prices;

use std::fs;

use chatchat_tests::{Failure, root};

use bill::{WAYS, lines, of_a_million_messages, totals};
use month::Load;

/// Prints the bill of a month with this many messages a day and this many connections open at a time.
pub fn cost(messages_per_day: u32, connections: u32) -> Result<(), Failure> {
    let load = Load { messages_per_day: f64::from(messages_per_day), connections: f64::from(connections) };
    let lines = lines(load, alarms()?.map(f64::from))?;
    println!(
        "A month in Seoul with {messages_per_day} messages a day and {connections} connections open at a time, in dollars"
    );
    println!();
    print!("{:<46}", "");
    for way in WAYS {
        print!("{way:>16}");
    }
    println!();
    for line in &lines {
        row(&line.what, line.dollars);
    }
    println!();
    let totals = totals(&lines);
    row("together", totals);
    println!();
    println!(
        "A million messages alone: {:.2} (frames, calls, logs, storage; the sender is told, and one connection of the other side; each",
        of_a_million_messages()
    );
    println!("further connection that hears of them adds {:.2} a million).", prices::FRAMES_MILLION);
    println!(
        "Prices of {}, before tax, less what AWS gives every month without an end. What goes with a message: a read marker or",
        prices::DATE
    );
    println!(
        "`typing`, a quarter of an HTTP request. Not counted: requests for pages and pictures, domains, and backups larger than the database."
    );
    println!("The t3.small is one machine, whatever the load: when it stops, all stops.");
    Ok(())
}

fn row(what: &str, dollars: [f64; 4]) {
    print!("{what:<46}");
    for amount in dollars {
        if amount < 0.005 {
            print!("{:>16}", "–");
        } else {
            print!("{amount:>16.2}");
        }
    }
    println!();
}

/// How many alarms the templates declare: those that are always there, and all that there are with a proxy.
fn alarms() -> Result<[u32; 2], Failure> {
    let template = fs::read_to_string(root().join("infra/observability.yaml"))?;
    let alarms: Vec<&str> = template.split("Type: AWS::CloudWatch::Alarm\n").skip(1).collect();
    let of_proxy =
        alarms.iter().filter(|alarm| alarm.trim_start().starts_with("Condition: HasProxy")).count();
    Ok([u32::try_from(alarms.len() - of_proxy)?, u32::try_from(alarms.len())?])
}
