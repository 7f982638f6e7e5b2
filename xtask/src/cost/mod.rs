//! `cargo xtask cost`: an estimate of the monthly cost on AWS, from a price table and from what a
//! message, a connection and a call use.

mod bill;
mod month;
mod prices;

use std::fs;

use chatchat_harness::{Failure, root};
use chatchat_template::Template;

use bill::{WAYS, lines, of_a_million_messages, of_credits, of_the_firewall, of_warm_calls, totals};
use month::{Load, warm_calls};

/// Prints the monthly bill for a number of messages per day, of open connections, and of stages.
pub fn cost(messages_per_day: u32, connections: u32, stages: u32) -> Result<(), Failure> {
    let load = Load {
        messages_per_day: f64::from(messages_per_day),
        connections: f64::from(connections),
        warm_functions: f64::from(warm_functions()?),
    };
    let lines = lines(load, alarms()?.map(f64::from), stages.into())?;
    println!(
        "A month in Seoul with {messages_per_day} messages per day and {connections} open connections, in US dollars"
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
    row("total", totals);
    println!();
    println!(
        "One million messages alone cost {:.2} (frames, calls, logs, storage, with one push to the sender and one to the",
        of_a_million_messages()
    );
    println!(
        "other side). Each additional connection adds {:.2} per million messages.",
        prices::FRAMES_MILLION
    );
    println!(
        "Of the calls, {:.2} million keep {} functions warm (Warm, infra/template.yaml). They open no connection to the",
        warm_calls(load) / 1e6,
        load.warm_functions
    );
    println!("database and cost {:.2} once the free tier is used up.", of_warm_calls(load));
    println!(
        "Optional limits by address (WebAclArn, infra/firewall.yaml) add {:.2}, and {:.2} per million requests for pages",
        of_the_firewall(load),
        prices::FIREWALL_REQUESTS_MILLION
    );
    println!("and pictures. A domain adds {:.2} for its hosted zone.", prices::HOSTED_ZONE_MONTH);
    println!(
        "If the database's processors are busy all the time, its CPU credits add up to {:.2}; they are free up to a share",
        of_credits(load)?
    );
    println!("of the processors that is sufficient for this load.");
    println!(
        "Prices as of {}, before tax. The monthly free tier that does not expire is subtracted, for calls and logs once",
        prices::DATE
    );
    println!(
        "for each stage. With each message the estimate counts one read marker or `typing` frame and a quarter of an HTTP"
    );
    println!(
        "request. It does not contain requests for pages and pictures, backups that are larger than the database, and"
    );
    println!("SAM's bucket, which grows by about 30 MB with each deployment.");
    println!("The t3.small is a single machine for any load; if it fails, ChatChat is not available.");
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

/// Counts the functions in the template that are called every five minutes to keep them warm.
fn warm_functions() -> Result<u32, Failure> {
    let schedules = Template::read(&root().join("infra/template.yaml"))?.schedules(&())?;
    let warm = schedules.iter().filter(|one| one.event == "Warm" && one.expression == "rate(5 minutes)");
    Ok(u32::try_from(warm.count())?)
}

/// Counts the alarms in the template: without the proxy's, and with them.
fn alarms() -> Result<[u32; 2], Failure> {
    let template = fs::read_to_string(root().join("infra/observability.yaml"))?;
    let alarms: Vec<&str> = template.split("Type: AWS::CloudWatch::Alarm\n").skip(1).collect();
    let of_proxy =
        alarms.iter().filter(|alarm| alarm.trim_start().starts_with("Condition: HasProxy")).count();
    Ok([u32::try_from(alarms.len() - of_proxy)?, u32::try_from(alarms.len())?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_the_template_are_counted() {
        let template = Template::read(&root().join("infra/template.yaml")).unwrap();
        assert_eq!(template.functions().unwrap().len().to_string(), month::FUNCTIONS.to_string());
        assert_eq!(warm_functions().unwrap(), 21);
    }

    #[test]
    fn default_budget_is_half_more_than_the_cost_of_an_idle_stage() {
        let template = Template::read(&root().join("infra/template.yaml")).unwrap();
        let budget = template.parameters()["MonthlyBudget"].default.as_ref().unwrap().parse::<f64>().unwrap();
        let warm_functions = f64::from(warm_functions().unwrap());
        let load = Load { messages_per_day: 0.0, connections: 0.0, warm_functions };
        let [idle, ..] = totals(&lines(load, alarms().unwrap().map(f64::from), 1.0).unwrap());
        assert!((budget - 1.5 * idle).abs() <= 1.0, "{budget} is not 1.5 times {idle}");
    }
}
