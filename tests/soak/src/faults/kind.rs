//! The kinds of faults and the selection of those that a run injects.

use std::{fmt, str::FromStr};

/// The part of the system that injects a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Injector {
    /// The local cloud.
    Cloud,
    /// The database's superuser, or signals to the server's process.
    Database,
    /// A client.
    Client,
}

macro_rules! kinds {
    ($($kind:ident, $name:literal, $injector:ident, $description:literal;)+) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $(#[doc = $description] $kind,)+
        }

        impl Kind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// Returns the name on the command line and in reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            /// Returns the part of the system that injects the fault.
            pub fn injector(self) -> Injector {
                match self { $(Self::$kind => Injector::$injector,)+ }
            }

            /// Describes one occurrence of the fault.
            pub fn description(self) -> &'static str {
                match self { $(Self::$kind => $description,)+ }
            }
        }
    };
}

kinds! {
    KillBeforeWork, "kill-before-work", Cloud, "a function is killed before it gets its event";
    KillInPush, "kill-in-push", Cloud, "a function is killed at its first, second or third push";
    KillBeforeAnswer, "kill-before-answer", Cloud, "a function is killed before it sends its response";
    DeliverTwice, "deliver-twice", Cloud, "an event is delivered twice";
    Inactive, "inactive", Cloud, "a function is inactive, and pending for up to 1 s";
    AccountLimit, "account-limit", Cloud, "a call is throttled, because one to three others already run";
    FrameDropped, "frame-dropped", Cloud, "a client's frame is lost";
    FrameDoubled, "frame-doubled", Cloud, "a client's frame arrives twice";
    FrameDelayed, "frame-delayed", Cloud, "a client's frame arrives up to 1 s late";
    FrameOvertaken, "frame-overtaken", Cloud, "a client's frame arrives after its next one";
    PushDropped, "push-dropped", Cloud, "a push is lost, but the function gets a success response";
    PushDoubled, "push-doubled", Cloud, "a push arrives twice";
    PushDelayed, "push-delayed", Cloud, "a push arrives up to 1 s late";
    PushOvertaken, "push-overtaken", Cloud, "a push arrives after its next one";
    ConnectionsGone, "connections-gone", Cloud, "@connections returns 410 for an open connection";
    ConnectionsThrottled, "connections-throttled", Cloud, "@connections returns 429";
    ConnectionsFailed, "connections-failed", Cloud, "@connections returns 500";
    ConnectionsHang, "connections-hang", Cloud, "@connections does not respond";
    ConnectionsLate, "connections-late", Cloud, "@connections responds up to 0.8 s late";
    DisconnectWithheld, "disconnect-withheld", Cloud, "a connection ends without a call of $disconnect";
    CutBeforeFunction, "cut-before-function", Cloud, "a connection is cut after a frame arrives and before its function is called";
    CutAfterFunction, "cut-after-function", Cloud, "a connection is cut while a function handles its frame";
    ConnectionsDropped, "connections-dropped", Cloud, "a connection is cut together with all others";
    Outage, "outage", Cloud, "the cloud is unreachable for up to 2 s";
    BackendsTerminated, "backends-terminated", Database, "a connection of the functions is terminated";
    TransactionTerminated, "transaction-terminated", Database, "a connection is terminated during its statement";
    ReadOnly, "read-only", Database, "a write of the functions' role fails as read-only (25006)";
    OutOfConnections, "out-of-connections", Database, "a connection of the functions' role is rejected (53300)";
    Restart, "restart", Database, "the server is restarted";
    Crash, "crash", Database, "the server crashes and recovers";
    Away, "away", Database, "the server is stopped for up to 1.5 s";
    PasswordRotated, "password-rotated", Database, "the password changes, and its secret a little later";
    Silent, "silent", Database, "a connection of the functions goes silent";
    Deadlock, "deadlock", Database, "a send fails because of a deadlock (40P01)";
    SerializationFailure, "serialization-failure", Database, "a send fails with 40001";
    CutBeforeSend, "cut-before-send", Client, "a client cuts its connection just before it sends";
    CutAfterSend, "cut-after-send", Client, "a client cuts its connection just after it has sent";
    CutWhileResyncing, "cut-while-resyncing", Client, "a client cuts its connection while it fetches histories";
    SentTwice, "sent-twice", Client, "a client sends the same frame twice";
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// The faults that a run injects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultSelection {
    /// No faults.
    None,
    /// Every kind, each at least once.
    All,
    /// Only an outage of 2 s every 15 s.
    Outages,
    /// Some kinds, each at least once.
    Some(Vec<Kind>),
}

impl FaultSelection {
    /// Returns the kinds that are injected in random order.
    pub fn kinds(&self) -> &[Kind] {
        match self {
            Self::None | Self::Outages => &[],
            Self::All => Kind::ALL,
            Self::Some(kinds) => kinds,
        }
    }
}

impl FromStr for FaultSelection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kind = |name: &str| {
            let found = Kind::ALL.iter().find(|kind| kind.name() == name).copied();
            let names = || Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
            found.ok_or_else(|| {
                format!("{name:?} is not a fault; valid values are all, none, outages, or {}", names())
            })
        };
        match text {
            "none" => Ok(Self::None),
            "all" => Ok(Self::All),
            "outages" => Ok(Self::Outages),
            names => Ok(Self::Some(names.split(',').map(kind).collect::<Result<_, _>>()?)),
        }
    }
}

impl fmt::Display for FaultSelection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("none"),
            Self::All => formatter.write_str("all"),
            Self::Outages => formatter.write_str("outages"),
            Self::Some(kinds) => {
                let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
                formatter.write_str(&names.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selection_is_parsed_and_an_error_lists_all_faults() {
        for text in ["none", "all", "outages", "restart,push-dropped"] {
            assert_eq!(text.parse::<FaultSelection>().map(|chosen| chosen.to_string()), Ok(text.to_owned()));
        }
        let wrong = "restart,rain".parse::<FaultSelection>().unwrap_err();
        assert!(wrong.contains("\"rain\"") && Kind::ALL.iter().all(|kind| wrong.contains(kind.name())));
    }
}
