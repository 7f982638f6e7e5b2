#![doc = include_str!("../README.md")]

mod account;
mod auto_reply;
mod causes;
mod consent;
mod credentials;
mod error_code;
mod event;
mod id;
mod message;
mod page;
mod picture;
mod problem;
mod profile;
mod room;
mod session;
mod text;
mod timestamp;
mod unicode;

pub use account::{AccountKind, AnyRole, Caller, Company, Customer, Role};
pub use auto_reply::AutoReply;
pub use causes::causes;
pub use consent::DOCUMENTS;
pub use credentials::{EnteredPassword, Password, Username};
pub use error_code::{ErrorCode, Language};
pub use event::{Event, RoomPosition};
pub use id::{AccountId, AutoReplyId, CompanyId, ConnectionId, MessageId, RoomId, SessionId};
pub use message::{ClientMessageId, ERASED_MESSAGE, Message, MessageKind, Recipients, Sender, Seq};
pub use page::{HistoryLimit, Page, PageNumber, RoomsLimit, Window};
pub use picture::{PictureFormat, PictureKey, PictureUrl};
pub use problem::Problem;
pub use profile::{COMPANIES_A_PAGE, CompanyProfile, CompanySummary, CustomerProfile};
pub use room::{Receiver, RoomDetail, RoomFilter, RoomPlace, RoomSummary, guide_message};
pub use session::SessionSummary;
pub use text::{Description, FaqAnswer, Keyword, MessageContent, Name, Question};
pub use timestamp::Timestamp;
