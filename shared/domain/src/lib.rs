#![doc = include_str!("../README.md")]

mod account;
mod credentials;
mod error_code;
mod event;
mod id;
mod message;
mod page;
mod problem;
mod profile;
mod room;
mod text;
mod timestamp;

pub use account::{AccountKind, Caller, Company, Customer, Role};
pub use credentials::{Password, Username};
pub use error_code::{ErrorCode, Language};
pub use event::{Event, RoomPosition};
pub use id::{AccountId, CompanyId, ConnectionId, MessageId, RoomId, SessionId};
pub use message::{ClientMessageId, Message, MessageKind, Seq, Sides};
pub use page::{HistoryLimit, Page, PageNumber, Window};
pub use problem::Problem;
pub use profile::{CompanyProfile, CompanySummary, CustomerProfile, NoPicture};
pub use room::{MESSAGES_A_PAGE, ROOMS_A_PAGE, Receiver, RoomDetail, RoomSummary, guide_message};
pub use text::{Description, Keyword, MessageContent, Name};
pub use timestamp::Timestamp;
