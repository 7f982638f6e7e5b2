//! The day of a small company: who does what at which time. The same seed gives the same day.

use std::time::Duration;

use fastrand::Rng;

use super::calls::{self, Call};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
/// The time in which conversations begin: 9:00 to 18:00.
pub const OPENING_HOURS: Duration = Duration::from_hours(9);
/// The number of employees. Each has the desk open for the whole day, with one account.
pub const DESKS: usize = 2;
/// The number of messages of a conversation, of which the customer and the company write half each.
const LENGTHS: std::ops::RangeInclusive<usize> = 4..=8;

/// One action of a person or of a page.
#[derive(Clone, Copy)]
pub struct Action {
    /// The time since the start of the plan.
    pub at: Duration,
    /// The browser: first those of the employees, then those of the customers.
    pub browser: usize,
    /// The conversation, in whose room the action is.
    pub conversation: usize,
    pub calls: &'static [Call],
}

/// A day.
pub struct Plan {
    /// In the order of their times.
    pub actions: Vec<Action>,
    /// Whether the customer of each conversation had an account before this day.
    pub returning: Vec<bool>,
    /// The opening hours.
    pub open: std::ops::Range<Duration>,
}

struct Planner {
    rng: Rng,
    actions: Vec<Action>,
}

impl Plan {
    /// Plans a day with this number of messages. Its opening hours begin after `night`.
    pub fn new(messages: usize, seed: u64, night: Duration) -> Self {
        let mut planner = Planner { rng: Rng::with_seed(seed), actions: Vec::new() };
        let open = night..night + OPENING_HOURS;
        let (mut returning, mut left, mut end) = (Vec::new(), messages, open.end);
        while left > 0 {
            let length = planner.rng.usize(LENGTHS).min(left);
            left -= length;
            let arrival = open.start + planner.between(Duration::ZERO, OPENING_HOURS);
            returning.push(planner.rng.u8(..3) > 0);
            end = end.max(planner.converse(
                returning.len() - 1,
                returning[returning.len() - 1],
                arrival,
                length,
            ));
        }
        for desk in 0..DESKS {
            planner.desk(desk, open.start, end);
        }
        let mut actions = planner.actions;
        actions.sort_by_key(|action| action.at);
        Self { actions, returning, open }
    }
}

impl Planner {
    /// A random time between two times.
    fn between(&mut self, least: Duration, most: Duration) -> Duration {
        least + most.saturating_sub(least).mul_f64(self.rng.f64())
    }

    fn seconds(&mut self, least: u64, most: u64) -> Duration {
        self.between(SECOND * u32::try_from(least).unwrap_or(0), Duration::from_secs(most))
    }

    fn add(&mut self, at: Duration, browser: usize, conversation: usize, calls: &'static [Call]) {
        self.actions.push(Action { at, browser, conversation, calls });
    }

    /// Heartbeats every 3.5 to 4.5 minutes, as the client library sends them.
    fn heartbeats(&mut self, browser: usize, conversation: usize, from: Duration, to: Duration) {
        let mut at = from;
        loop {
            at += self.seconds(210, 270);
            if at >= to {
                return;
            }
            self.add(at, browser, conversation, calls::HEARTBEAT);
        }
    }

    /// An employee has the desk open from ten minutes before the opening hours until the end.
    fn desk(&mut self, desk: usize, opens: Duration, end: Duration) {
        let mut from = opens.saturating_sub(MINUTE * 10) + self.seconds(0, 300);
        self.add(from, desk, 0, calls::DESK_PAGE);
        loop {
            let replaced = from + self.seconds(90 * 60, 110 * 60);
            self.heartbeats(desk, 0, from, replaced.min(end));
            if replaced >= end {
                break;
            }
            self.add(replaced, desk, 0, calls::DESK_RECONNECTS);
            from = replaced;
        }
        self.add(end, desk, 0, calls::LEAVE);
    }

    /// A customer loads the page and writes, and an employee answers. Returns when the customer
    /// leaves.
    fn converse(&mut self, number: usize, returns: bool, arrival: Duration, length: usize) -> Duration {
        let (customer, desk) = (DESKS + number, self.rng.usize(..DESKS));
        let mut now = arrival;
        if returns {
            self.add(now, customer, number, calls::ROOM_PAGE);
        } else {
            self.add(now, customer, number, calls::DIRECTORY_PAGE);
            now += self.seconds(5, 30);
            self.add(now, customer, number, calls::COMPANY_PAGE);
            now += self.seconds(30, 90);
            self.add(now, customer, number, calls::SIGN_UP);
        }
        let connected = now;
        if self.rng.u8(..4) == 0 {
            now += self.seconds(8, 20);
            self.add(now, customer, number, calls::FAQ_QUESTION);
        }
        for message in 0..length {
            let is_customers = message % 2 == 0;
            let writer = if is_customers { customer } else { desk };
            // Reading the message before, and thinking.
            now += self.seconds(5, 60);
            if message == 1 {
                self.add(now, desk, number, calls::DESK_ROOM);
                now += self.seconds(5, 30);
            }
            // A page sends `typing` at most every 3 seconds.
            let written = now + self.seconds(4, 20);
            while now < written {
                self.add(now, writer, number, calls::TYPING);
                now += SECOND * 3;
            }
            now = written;
            self.add(now, writer, number, calls::SEND);
            self.receive(now, writer, customer, number, desk, message > 0);
        }
        now += self.seconds(60, 300);
        self.heartbeats(customer, number, connected, now);
        self.add(now, customer, number, calls::LEAVE);
        now
    }

    /// What the pages do that get a message. Their list refreshes follow a push after 0.3 seconds
    /// at the earliest, and more time passes until a person has seen the message.
    fn receive(
        &mut self,
        sent: Duration,
        writer: usize,
        customer: usize,
        number: usize,
        open_at: usize,
        is_open: bool,
    ) {
        if writer != customer {
            let at = sent + self.between(SECOND / 2, SECOND * 2);
            self.add(at, customer, number, calls::CUSTOMER_RECEIVES);
        }
        for desk in (0..DESKS).filter(|desk| *desk != writer) {
            let at = sent + self.between(SECOND / 2, SECOND * 2);
            let shows = is_open && desk == open_at;
            self.add(at, desk, number, if shows { calls::DESK_RECEIVES } else { calls::DESK_LISTS });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NIGHT: Duration = Duration::from_hours(2);

    /// The time, the browser and the routes of each action.
    fn described(plan: &Plan) -> Vec<(Duration, usize, Vec<&'static str>)> {
        let routes = |action: &Action| action.calls.iter().map(|call| call.route).collect();
        plan.actions.iter().map(|action| (action.at, action.browser, routes(action))).collect()
    }

    fn count(plan: &Plan, route: &str) -> usize {
        plan.actions.iter().flat_map(|action| action.calls).filter(|call| call.route == route).count()
    }

    #[test]
    fn same_seed_gives_the_same_day() {
        let days = [1, 1, 2].map(|seed| described(&Plan::new(50, seed, NIGHT)));
        assert_eq!(days[0], days[1]);
        assert_ne!(days[0], days[2]);
    }

    #[test]
    fn day_has_the_requested_messages_in_conversations_of_about_six() {
        for messages in [50, 1000] {
            let plan = Plan::new(messages, 1, NIGHT);
            assert_eq!(count(&plan, "sendMessage"), messages);
            let conversations = plan.returning.len();
            assert!((messages / 7..=messages / 5).contains(&conversations), "{conversations}");
            assert!(plan.actions.is_sorted_by_key(|action| action.at));
        }
    }

    #[test]
    fn desks_send_a_heartbeat_every_four_minutes() {
        let plan = Plan::new(50, 1, NIGHT);
        for desk in 0..DESKS {
            let sent: Vec<Duration> = plan
                .actions
                .iter()
                .filter(|action| action.browser == desk && action.calls[0].route == "heartbeat")
                .map(|action| action.at)
                .collect();
            let hours = OPENING_HOURS.as_secs() / 3600;
            assert!((13 * hours..=18 * hours).contains(&(sent.len() as u64)), "{}", sent.len());
        }
    }

    #[test]
    fn page_load_of_a_customer_makes_ten_calls() {
        fn count(calls: &[Call]) -> usize {
            calls.iter().map(|call| 1 + count(call.then)).sum()
        }
        assert_eq!(count(calls::ROOM_PAGE), 10);
    }
}
