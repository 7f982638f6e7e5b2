//! Faults that the local cloud injects.

use std::time::Duration;

use chatchat_harness::System;
use chatchat_local::{Answer, Fault, Moment, Point, Tampering, Target};
use fastrand::Rng;
use tokio::{select, time::sleep};

use super::kind::Kind;

/// The function of the WebSocket API.
const REALTIME: &str = "Realtime";

/// The functions of HTTP that a conversation uses.
const FUNCTIONS: [&str; 3] = ["SendMessageAsCustomer", "SendMessageAsCompany", "CreateTicket"];

/// The routes of the WebSocket API that a conversation uses.
const ROUTES: [&str; 4] = ["sendMessage", "markRead", "heartbeat", "$connect"];

/// Returns whether a fault closes all connections.
pub(super) fn closes_all_connections(kind: Kind) -> bool {
    [Kind::ConnectionsDropped, Kind::Outage].contains(&kind)
}

/// Returns the time to wait before a fault.
pub(super) fn pause_before(kind: Kind, rng: &mut Rng) -> Duration {
    let range = if closes_all_connections(kind) { 1500..3000 } else { 300..900 };
    Duration::from_millis(rng.u64(range))
}

/// Injects one fault for some time or a number of times. Returns how often it happened. `pause`
/// waits, but not longer than faults are injected.
pub(super) async fn inject(
    system: &System,
    kind: Kind,
    rng: &mut Rng,
    pause: impl AsyncFn(Duration) -> bool,
) -> u64 {
    match kind {
        Kind::ConnectionsDropped => system.cloud.drop_connections() as u64,
        Kind::Outage => outage(system, pause(Duration::from_millis(rng.u64(300..2000)))).await,
        _ => injection(system, kind, rng).await,
    }
}

/// Makes the cloud unreachable until `end`.
pub(super) async fn outage(system: &System, end: impl Future) -> u64 {
    system.cloud.cut_off(true);
    end.await;
    system.cloud.cut_off(false);
    1
}

async fn injection(system: &System, kind: Kind, rng: &mut Rng) -> u64 {
    let (fault, every, times) = fault(kind, rng);
    let injection = system.cloud.inject(fault, every, times);
    // For this fault, some connections must end.
    let ends = (kind == Kind::DisconnectWithheld)
        .then(|| system.cloud.inject(Fault::Cut(Moment::AfterFunction), 3, times));
    let time = Duration::from_millis(rng.u64(800..3000));
    select! {
        () = injection.wait_until_happened(times) => {}
        // The fault continues when no more messages are written: only the heartbeat can then
        // detect a loss.
        () = sleep(time) => {}
    }
    drop(ends);
    injection.happened().into()
}

/// Returns the fault, after how many opportunities it happens each time, and how often at most.
fn fault(kind: Kind, rng: &mut Rng) -> (Fault, u32, u32) {
    let kill = |target, at| Fault::Kill { target, at };
    let delay = |rng: &mut Rng, limit: u64| Duration::from_millis(rng.u64(100..limit));
    match kind {
        Kind::KillBeforeWork => (kill(any(rng), Point::BeforeWork), rng.u32(1..10), rng.u32(1..4)),
        Kind::KillInPush => {
            let at = Point::AtPush(rng.u32(1..=3));
            (kill(Target::route(REALTIME, "sendMessage"), at), rng.u32(1..10), rng.u32(1..4))
        }
        Kind::KillBeforeAnswer => (kill(any(rng), Point::BeforeAnswer), rng.u32(1..10), rng.u32(1..4)),
        Kind::DeliverTwice => (Fault::DeliverTwice { target: any(rng) }, rng.u32(1..5), rng.u32(2..20)),
        Kind::Inactive => {
            let pending = delay(rng, 1000);
            (Fault::Inactive { target: any(rng), pending }, rng.u32(1..10), rng.u32(1..3))
        }
        Kind::AccountLimit => (Fault::AccountLimit(rng.usize(1..4)), 1, rng.u32(5..30)),
        Kind::FrameDropped => (Fault::Received(Tampering::Drop), rng.u32(2..10), rng.u32(1..10)),
        Kind::FrameDoubled => (Fault::Received(Tampering::Double), rng.u32(1..5), rng.u32(5..30)),
        Kind::FrameDelayed => {
            (Fault::Received(Tampering::Delay(delay(rng, 1000))), rng.u32(1..5), rng.u32(5..30))
        }
        Kind::FrameOvertaken => (Fault::Received(Tampering::Overtaken), rng.u32(1..5), rng.u32(5..30)),
        Kind::PushDropped => (Fault::Pushed(Tampering::Drop), rng.u32(1..8), rng.u32(5..40)),
        Kind::PushDoubled => (Fault::Pushed(Tampering::Double), rng.u32(1..5), rng.u32(5..40)),
        Kind::PushDelayed => {
            (Fault::Pushed(Tampering::Delay(delay(rng, 1000))), rng.u32(1..5), rng.u32(5..40))
        }
        Kind::PushOvertaken => (Fault::Pushed(Tampering::Overtaken), rng.u32(1..5), rng.u32(5..40)),
        Kind::ConnectionsGone => (Fault::Connections(Answer::Gone), rng.u32(5..30), rng.u32(1..5)),
        Kind::ConnectionsThrottled => (Fault::Connections(Answer::Throttled), rng.u32(1..4), rng.u32(5..60)),
        Kind::ConnectionsFailed => (Fault::Connections(Answer::Failed), rng.u32(1..4), rng.u32(5..60)),
        Kind::ConnectionsHang => (Fault::Connections(Answer::Hang), rng.u32(3..20), rng.u32(1..6)),
        Kind::ConnectionsLate => {
            (Fault::Connections(Answer::Late(delay(rng, 800))), rng.u32(1..5), rng.u32(5..40))
        }
        Kind::DisconnectWithheld => (Fault::WithholdDisconnect, 1, rng.u32(2..10)),
        Kind::CutBeforeFunction => (Fault::Cut(Moment::BeforeFunction), rng.u32(2..30), rng.u32(1..6)),
        _ => (Fault::Cut(Moment::AfterFunction), rng.u32(2..30), rng.u32(1..6)),
    }
}

/// Returns one of the functions or routes, or, half of the time, all functions.
fn any(rng: &mut Rng) -> Target {
    let functions = FUNCTIONS.map(Target::function).into_iter();
    let mut targets = functions.chain(ROUTES.map(|route| Target::route(REALTIME, route)));
    let chosen = rng.usize(0..(FUNCTIONS.len() + ROUTES.len()) * 2);
    targets.nth(chosen).unwrap_or_default()
}
