#![doc = include_str!("../README.md")]

mod accounts;
mod attempts;
mod auto_replies;
mod connect;
mod connections;
mod directory;
mod error;
mod export;
mod messages;
mod network;
mod pictures;
mod profiles;
mod renewal;
mod room_lists;
mod rooms;
mod row;
mod run;
mod sessions;
mod sql;
mod sweep;

pub use accounts::{Account, ChangedPassword, NewAccount};
pub use attempts::OwnAccount;
pub use auto_replies::Asked;
pub use connect::{Credentials, CredentialsError, CredentialsSource, Database};
pub use connections::ConnectionState;
pub use deadpool_postgres::ClientWrapper as Connection;
pub use error::StoreError;
pub use messages::{ReadMarkerMoved, Sent};
pub use network::network;
pub use profiles::{PictureChange, ProfileChanges};
pub use renewal::{Offer, Renewal, RenewalOutcome};
pub use room_lists::{RoomPage, RoomQuery};
pub use rooms::OpenedRoom;
pub use run::Store;
pub use sessions::{BegunSession, NewSession};
pub use sql::{STATEMENTS, Statement};
