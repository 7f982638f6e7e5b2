//! The clients that use the client library of `web/client`. All of them run in one Node process,
//! `web/client/soak/main.ts`; this process and that one exchange one JSON object per line.

use std::{
    collections::BTreeMap,
    process::Stdio,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use chatchat_harness::{Failure, PASSWORD, npm_run, root};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::watch,
    task::spawn_blocking,
};

use super::{
    common::{Common, Phase, Status},
    history::{Attempt, Marker, MarkerTrail, View},
    participant::{Record, Times, place, seen},
    stage::Side,
};

/// The program that `npm run build:soak` writes.
const PROGRAM: &str = "web/client/soak/dist/main.js";

/// Why this program starts Node, for errors.
const NEEDS_NODE: &str = "the soak's clients that use the client library need Node 20.19 or newer with npm \
    (use `--library-clients 0` to run without them)";

/// A client in the Node process.
pub(super) struct LibraryClient {
    /// The name in reports.
    pub(super) name: String,
    /// The id of the account.
    pub(super) account: i64,
    /// The status that other tasks read.
    pub(super) status: Arc<Status>,
    /// What the Node process gets.
    plan: Value,
}

impl LibraryClient {
    /// Creates a client of an account. The clients of an account in the Node process log in
    /// themselves, once, and share that session.
    pub(super) async fn new(name: String, side: &Side, seed: u32) -> Self {
        let person = side.account.person().await;
        let plan = json!({
            "name": name, "role": person.kind, "username": person.username, "password": PASSWORD,
            "rooms": side.rooms, "seed": seed,
        });
        Self { name, account: person.id, status: Arc::default(), plan }
    }
}

/// The running Node process. Dropping it ends the process.
pub(super) struct Library {
    clients: Vec<LibraryClient>,
    common: Arc<Common>,
    child: Child,
    /// The numbers of messages in the last status of the process: written and acknowledged.
    counted: (u64, u64),
    /// The client-side faults that the process is to make happen.
    armed: [u32; 4],
    records: Vec<Record>,
}

impl Library {
    /// Builds the Node program and starts it. `url` is the origin of the system.
    pub(super) async fn start(
        clients: Vec<LibraryClient>,
        url: &str,
        think_time: Duration,
        common: Arc<Common>,
    ) -> Result<Self, Failure> {
        let build = || npm_run("build:soak").and_then(|mut npm| Ok(npm.status()?));
        let status = spawn_blocking(build).await?.map_err(|error| format!("{NEEDS_NODE}: npm: {error}"))?;
        if !status.success() {
            return Err(format!("`npm run build:soak` failed with {status} (output above)").into());
        }
        let mut node = Command::new("node");
        node.arg(root().join(PROGRAM)).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = node.spawn().map_err(|error| format!("{NEEDS_NODE}: node: {error}"))?;
        let plans: Vec<&Value> = clients.iter().map(|client| &client.plan).collect();
        let plan = json!({
            "type": "plan", "url": format!("{url}/api"), "thinkMs": think_time.as_secs_f64() * 1000.0, "clients": plans,
        });
        write(child.stdin.as_mut(), &plan).await?;
        Ok(Self { clients, common, child, counted: (0, 0), armed: [0; 4], records: Vec::new() })
    }

    /// Runs until [`Phase::Over`], and returns the records of all clients.
    pub(super) async fn run(mut self, mut phase: watch::Receiver<Phase>) -> Result<Vec<Record>, Failure> {
        let mut stdin = self.child.stdin.take();
        let stdout = self.child.stdout.take().ok_or("Node has no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        while self.records.len() < self.clients.len() {
            tokio::select! {
                line = lines.next_line() => {
                    let Some(line) = line? else {
                        let status = self.child.wait().await?;
                        return Err(format!("the clients' Node process ended with {status} (output above)").into());
                    };
                    self.on_line(&serde_json::from_str(&line)?)?;
                    let armed = self.common.wire.switches().map(|(_, switch)| switch.armed());
                    if armed != self.armed {
                        self.armed = armed;
                        let faults: BTreeMap<_, _> =
                            self.common.wire.switches().into_iter().map(|(name, _)| name).zip(armed).collect();
                        write(stdin.as_mut(), &json!({ "type": "faults", "armed": faults })).await?;
                    }
                }
                Ok(()) = phase.changed() => {
                    let phase = format!("{:?}", *phase.borrow_and_update()).to_lowercase();
                    write(stdin.as_mut(), &json!({ "type": "phase", "phase": phase })).await?;
                }
            }
        }
        Ok(self.records)
    }

    fn on_line(&mut self, line: &Value) -> Result<(), Failure> {
        if line["type"] == "record" {
            let client = &self.clients[self.records.len()];
            let record = record(client, line).ok_or_else(|| format!("a field is missing in {line}"))?;
            let errors = line["errors"].as_object().into_iter().flatten();
            for (code, times) in errors {
                self.common.refusals.add(code, times.as_u64().unwrap_or_default());
            }
            self.records.push(record);
            return Ok(());
        }
        let number = |name: &str| line[name].as_u64().unwrap_or_default();
        let now = (number("written"), number("acknowledged"));
        self.common.written.fetch_add(now.0 - self.counted.0, Ordering::Relaxed);
        self.common.acknowledged.fetch_add(now.1 - self.counted.1, Ordering::Relaxed);
        self.counted = now;
        for (name, switch) in self.common.wire.switches() {
            let times = line["happened"][name].as_u64().unwrap_or_default();
            switch.happened_elsewhere(times.try_into()?);
        }
        for (client, status) in self.clients.iter().zip(line["clients"].as_array().into_iter().flatten()) {
            client.status.empty.store(status["isEmpty"] == true, Ordering::Relaxed);
            client.status.settled.store(status["isSettled"] == true, Ordering::Relaxed);
        }
        Ok(())
    }
}

async fn write(stdin: Option<&mut ChildStdin>, message: &Value) -> Result<(), Failure> {
    let stdin = stdin.ok_or("Node has no standard input")?;
    Ok(stdin.write_all(format!("{message}\n").as_bytes()).await?)
}

/// Parses the record of a client. Returns `None` if a field is missing.
fn record(client: &LibraryClient, line: &Value) -> Option<Record> {
    let mut record = Record {
        attempts: Vec::new(),
        views: Vec::new(),
        trails: Vec::new(),
        given_up: Vec::new(),
        times: Times { pushes: line["pushes"].as_u64()?, lost: line["lost"].as_u64()?, ..Times::default() },
    };
    for attempt in line["attempts"].as_array()? {
        let room = attempt["room"].as_i64()?;
        let acknowledged: Vec<_> =
            attempt["acknowledged"].as_array()?.iter().map(place).collect::<Option<_>>()?;
        if acknowledged.is_empty() {
            let why = attempt["failed"].as_str().unwrap_or("no acknowledgement");
            let sends = &attempt["sends"];
            record.given_up.push(format!("{} in room {room}: {why} after {sends} sends", client.name));
        }
        record.attempts.push(Attempt {
            room,
            sender: client.account,
            outbox: attempt["outbox"].as_str()?.to_owned(),
            client_message_id: attempt["clientMessageId"].as_str()?.parse().ok()?,
            content: attempt["content"].as_str()?.to_owned(),
            sends: attempt["sends"].as_u64()?.try_into().ok()?,
            acknowledged,
        });
    }
    // A room that was closed and opened again has several views.
    let mut closed: BTreeMap<i64, usize> = BTreeMap::new();
    for view in line["views"].as_array()? {
        let (room, settled) = (view["room"].as_i64()?, view["settled"].as_bool()?);
        let number = closed.entry(room).or_default();
        *number += 1;
        record.views.push(View {
            observer: format!("{} (view {number})", client.name),
            room,
            settled,
            shown: view["shown"].as_array()?.iter().map(seen).collect::<Option<_>>()?,
            contradicted: Vec::new(),
        });
    }
    for trail in line["trails"].as_array()? {
        let marker = |marker: &Value| {
            Some(Marker { seq: marker["seq"].as_i64()?, at_least: marker["atLeast"].as_i64()? })
        };
        record.trails.push(MarkerTrail {
            observer: client.name.clone(),
            room: trail["room"].as_i64()?,
            reader: trail["reader"].as_i64()?,
            received: trail["received"].as_array()?.iter().map(marker).collect::<Option<_>>()?,
        });
    }
    Some(record)
}
