//! Faults of AWS and of networks that tests and long runs can inject.

mod injection;

use std::time::Duration;

pub(crate) use injection::Faults;
pub use injection::Injection;

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// A function's process is killed.
    Kill {
        /// Whose process.
        target: Target,
        /// Where in its work.
        at: Point,
    },
    /// An event of a function is delivered twice, with the same request id. The deliveries are
    /// alternately concurrent (the first time that this fault happens) and one after the other (the
    /// second time). The second response is dropped.
    DeliverTwice {
        /// Whose event.
        target: Target,
    },
    /// A function becomes inactive, as Lambda does it after 14 days without a call: its idle
    /// processes are ended, and its next call fails. While Lambda then creates its network
    /// interface, further calls fail too.
    Inactive {
        /// Whose call it is.
        target: Target,
        /// How long further calls fail.
        pending: Duration,
    },
    /// A call is throttled if this number of calls already runs, of all functions together. A new
    /// AWS account often has a limit of 10.
    AccountLimit(usize),
    /// Applies to a frame that a client has sent, before a function receives it.
    Received(Tampering),
    /// Applies to a frame that is sent to a client. The sender still gets a success response.
    Pushed(Tampering),
    /// A call of `@connections` (POST or DELETE) gets this response, whatever the connection's
    /// state.
    Connections(Answer),
    /// The function of `$disconnect` is not called.
    WithholdDisconnect,
    /// A client's TCP connection is cut without a closing frame after the client has sent a frame.
    Cut(Moment),
    /// A handshake is refused with 403, as API Gateway does while a new stage is not deployed
    /// everywhere.
    Handshake,
    /// Secrets Manager answers 500 to a request for a secret.
    Secrets,
    /// Secrets Manager cannot read one of the secrets of a request for several, and returns the
    /// others.
    SecretOfBatch,
    /// S3 answers 503 to a function. The distributions can still read the existing objects.
    Storage,
}

/// The calls that a fault applies to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    function: Option<String>,
    route: Option<String>,
}

impl Target {
    /// The calls of all functions.
    pub fn any() -> Self {
        Self::default()
    }

    /// The calls of a function, by its logical id.
    pub fn function(id: &str) -> Self {
        Self { function: Some(id.to_owned()), route: None }
    }

    /// The calls of a function for one route, by the route's key. The fault must be injected before
    /// the call.
    pub fn route(id: &str, key: &str) -> Self {
        Self { route: Some(key.to_owned()), ..Self::function(id) }
    }

    /// Whether a call of a function for a route is among them.
    fn contains(&self, function: &str, route: Option<&str>) -> bool {
        self.function.as_deref().is_none_or(|id| id == function)
            && (self.route.is_none() || self.route.as_deref() == route)
    }
}

/// Where in its work a process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// The process never receives the event: before anything is committed.
    BeforeWork,
    /// At the process's n-th call of `@connections` for one event (1 is the first). Neither this
    /// call nor a later one is carried out: after the commit, before the ack or during the fan-out.
    AtPush(u32),
    /// The process's response is rejected: everything is done, but the caller does not learn of it.
    BeforeAnswer,
}

/// What happens to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tampering {
    /// It is lost.
    Drop,
    /// It is delivered twice, at the same time.
    Double,
    /// It is delivered after this time. Later frames can overtake it.
    Delay(Duration),
    /// The next frame of the same connection and direction overtakes it. A frame of a client waits
    /// until the next one has been processed, and a push waits until the next one has been sent.
    /// Without a next frame, it is delivered after one second.
    Overtaken,
}

/// How a call of `@connections` is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 410, although the connection may be open.
    Gone,
    /// 429.
    Throttled,
    /// 500.
    Failed,
    /// No response until the integration limit, then 504.
    Hang,
    /// The normal response, after this time. The call is carried out even if the caller has given
    /// up.
    Late(Duration),
}

/// When a client's connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// When a frame has arrived. Its function does not receive it.
    BeforeFunction,
    /// When the frame's function has received it and works on it. The client gets none of the
    /// function's responses. `$disconnect` is called when the function has ended.
    AfterFunction,
}
