//! The faults by name, and which of them are chosen.

use std::{fmt, str::FromStr};

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// The local cloud.
    Cloud,
    /// The database's superuser, or whoever owns the server's process.
    Database,
    /// A client.
    Client,
}

macro_rules! kinds {
    ($($kind:ident, $name:literal, $hand:ident, $does:literal;)+) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $(#[doc = $does] $kind,)+
        }

        impl Kind {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// Its name on the command line and in reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            /// Who does it.
            pub fn hand(self) -> Hand {
                match self { $(Self::$kind => Hand::$hand,)+ }
            }

            /// What happens when it happens once.
            pub fn does(self) -> &'static str {
                match self { $(Self::$kind => $does,)+ }
            }
        }
    };
}

kinds! {
    KillBeforeWork, "kill-before-work", Cloud, "a function is killed before it sees its event";
    KillInPush, "kill-in-push", Cloud, "a function is killed at its first, second or third push";
    KillBeforeAnswer, "kill-before-answer", Cloud, "a function is killed when it has done everything";
    DeliverTwice, "deliver-twice", Cloud, "an event is delivered twice";
    FrameDropped, "frame-dropped", Cloud, "a client's frame is lost";
    FrameDoubled, "frame-doubled", Cloud, "a client's frame comes twice";
    FrameDelayed, "frame-delayed", Cloud, "a client's frame comes up to a second late";
    FrameOvertaken, "frame-overtaken", Cloud, "a client's frame comes after its next one";
    PushDropped, "push-dropped", Cloud, "a push is lost, and the function is told that it was delivered";
    PushDoubled, "push-doubled", Cloud, "a push comes twice";
    PushDelayed, "push-delayed", Cloud, "a push comes up to a second late";
    PushOvertaken, "push-overtaken", Cloud, "a push comes after its next one";
    ConnectionsGone, "connections-gone", Cloud, "@connections answers 410 for an open connection";
    ConnectionsThrottled, "connections-throttled", Cloud, "@connections answers 429";
    ConnectionsFailed, "connections-failed", Cloud, "@connections answers 500";
    ConnectionsHang, "connections-hang", Cloud, "@connections does not answer";
    ConnectionsLate, "connections-late", Cloud, "@connections answers up to 0.8 s late";
    DisconnectWithheld, "disconnect-withheld", Cloud, "a connection ends, and $disconnect is not told";
    CutBeforeFunction, "cut-before-function", Cloud, "a connection is cut when a frame came, which no function sees";
    CutAfterFunction, "cut-after-function", Cloud, "a connection is cut while a function works on its frame";
    ConnectionsDropped, "connections-dropped", Cloud, "one of the connections that are all cut at once";
    Outage, "outage", Cloud, "nobody reaches the cloud, for up to 2 s";
    BackendsTerminated, "backends-terminated", Database, "a connection of the functions is terminated";
    TransactionTerminated, "transaction-terminated", Database, "a connection is terminated amid its statement";
    ReadOnly, "read-only", Database, "a write of the functions' role is refused as read-only (25006)";
    OutOfConnections, "out-of-connections", Database, "a connection of the functions' role is refused (53300)";
    Restart, "restart", Database, "the server is shut down and started";
    Crash, "crash", Database, "the server crashes, and recovers";
    Away, "away", Database, "the server is away, for up to 1.5 s";
    PasswordRotated, "password-rotated", Database, "the password is another, and its secret moves a little later";
    Deadlock, "deadlock", Database, "a send is the victim of a deadlock (40P01)";
    SerializationFailure, "serialization-failure", Database, "a send is refused with 40001";
    CutBeforeSend, "cut-before-send", Client, "a client cuts its connection when it was about to send";
    CutAfterSend, "cut-after-send", Client, "a client cuts its connection right after it has sent";
    CutWhileResyncing, "cut-while-resyncing", Client, "a client cuts its connection while it catches up";
    SentTwice, "sent-twice", Client, "a client sends the same frame twice";
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// Which faults a run has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// None.
    None,
    /// Every kind, each at least once.
    All,
    /// An outage of 2 s, every 15 s, and nothing else.
    Outages,
    /// Some, each at least once.
    Some(Vec<Kind>),
}

impl Chosen {
    /// The kinds that are dealt in random order.
    pub fn kinds(&self) -> &[Kind] {
        match self {
            Self::None | Self::Outages => &[],
            Self::All => Kind::ALL,
            Self::Some(kinds) => kinds,
        }
    }
}

impl FromStr for Chosen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kind = |name: &str| {
            let found = Kind::ALL.iter().find(|kind| kind.name() == name).copied();
            let names = || Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
            found.ok_or_else(|| {
                format!("there is no fault {name:?}; there are all, none, outages, and {}", names())
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

impl fmt::Display for Chosen {
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
    fn faults_are_chosen_by_name_and_a_wrong_name_is_answered_with_all_of_them() {
        for text in ["none", "all", "outages", "restart,push-dropped"] {
            assert_eq!(text.parse::<Chosen>().map(|chosen| chosen.to_string()), Ok(text.to_owned()));
        }
        let wrong = "restart,rain".parse::<Chosen>().unwrap_err();
        assert!(wrong.contains("\"rain\"") && Kind::ALL.iter().all(|kind| wrong.contains(kind.name())));
    }
}
