//! The CPU time of the system that is measured, from `/proc`.

use std::{collections::HashMap, fs, process, time::Duration};

use chatchat_harness::Failure;

/// The time of a clock tick in `/proc`.
const TICK: Duration = Duration::from_millis(10);

/// The CPU time of this process with the clients and the local cloud, of the functions, of
/// PostgreSQL, and of all other programs of the machine.
pub const PARTS: [&str; 4] = ["functions", "PostgreSQL", "clients and gateway", "other programs"];

/// A process: its name, its parent's id and its CPU time in ticks.
struct Process {
    name: String,
    parent: u32,
    ticks: u64,
}

/// Returns the CPU time of each part since its start.
pub fn cpu_times() -> Result<[Duration; 4], Failure> {
    let mut processes = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may have ended meanwhile.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        processes.insert(id, Process::parse(&stat).ok_or("/proc has another format")?);
    }
    let own = process::id();
    let mut ticks = [0; 4];
    for (id, process) in &processes {
        if *id == own {
            ticks[2] += process.ticks;
        } else if is_descendant(*id, own, &processes) {
            ticks[usize::from(process.name == "postgres")] += process.ticks;
        }
    }
    let machine = fs::read_to_string("/proc/stat")?;
    let busy: Option<u64> = machine.lines().next().map(|line| {
        let times = line.split_whitespace().skip(1).map(|time| time.parse().unwrap_or(0));
        // The times of user, nice, system, idle, iowait, irq and softirq.
        times
            .take(7)
            .enumerate()
            .filter(|(index, _)| ![3, 4].contains(index))
            .map(|(_, time)| time)
            .sum::<u64>()
    });
    ticks[3] = busy.unwrap_or_default().saturating_sub(ticks.iter().sum());
    Ok(ticks.map(|ticks| TICK * u32::try_from(ticks).unwrap_or(u32::MAX)))
}

impl Process {
    /// Parses `/proc/<id>/stat`, in which the name is in parentheses.
    fn parse(stat: &str) -> Option<Self> {
        let (before, fields) = stat.rsplit_once(") ")?;
        let (_, name) = before.split_once(" (")?;
        let fields: Vec<&str> = fields.split(' ').collect();
        let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
        let parent = fields.get(1)?.parse().ok()?;
        Some(Self { name: name.to_owned(), parent, ticks: ticks(11)? + ticks(12)? })
    }
}

fn is_descendant(mut id: u32, ancestor: u32, processes: &HashMap<u32, Process>) -> bool {
    while let Some(process) = processes.get(&id) {
        id = process.parent;
        if id == ancestor {
            return true;
        }
    }
    false
}
