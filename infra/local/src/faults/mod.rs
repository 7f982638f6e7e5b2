//! What can be made to go wrong: the faults that AWS and networks really have, for tests and long runs.

mod injection;

use std::time::Duration;

pub(crate) use injection::Faults;
pub use injection::Injection;

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// A function's process is killed.
    Kill {
        /// The logical id of the function; `None` for any.
        function: Option<String>,
        /// Where in its work.
        at: Point,
    },
    /// An event of a function is delivered twice, with the same request id: at once the first time that this happens, one after the other
    /// the second time, and so on in turn. The second answer goes nowhere.
    DeliverTwice {
        /// The logical id of the function; `None` for any.
        function: Option<String>,
    },
    /// To a frame that a client has sent, before a function sees it.
    Received(Tampering),
    /// To a frame on its way to a client; whoever pushed it is told that all went well.
    Pushed(Tampering),
    /// A call of `@connections` (POST or DELETE) is answered so, whatever the connection is.
    Connections(Answer),
    /// `$disconnect` is not told to its function.
    WithholdDisconnect,
    /// A client's TCP connection is cut without a closing frame when it has sent a frame.
    Cut(Moment),
    /// Secrets Manager answers 500 to whoever reads a secret.
    Secrets,
    /// S3 answers 503 to a function. What it has can still be read through distributions.
    Storage,
}

/// Where in its work a process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// It never sees the event: before anything was committed.
    BeforeWork,
    /// At its n-th call of `@connections` for one event (1 is the first), which is not carried out, nor is one after it: after the commit,
    /// before the ack or amid the fan-out.
    AtPush(u32),
    /// Its answer is not accepted: everything was done, and nobody hears.
    BeforeAnswer,
}

/// What happens to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tampering {
    /// It is lost.
    Drop,
    /// It comes twice, at once.
    Double,
    /// It comes so much later; others pass it.
    Delay(Duration),
    /// The next one of its connection and direction comes first: a frame of a client waits until the next one has been served, a push
    /// until the next one has been sent. After a second without a next one it comes all the same.
    Overtaken,
}

/// How a call of `@connections` is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 410, though the connection may be open.
    Gone,
    /// 429.
    Throttled,
    /// 500.
    Failed,
    /// Not at all while the caller waits, at most for the integration limit; then 504.
    Hang,
    /// As without the fault, so much later; it is carried out though the caller may have given up by then.
    Late(Duration),
}

/// When a client's connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A frame has come, and its function does not get it.
    BeforeFunction,
    /// The frame's function has it and works; nothing that it answers arrives. `$disconnect` is told when the function has ended.
    AfterFunction,
}
