//! A frame that a client sends over its connection.

use chatchat_domain::{ErrorCode, Language, MessageContent, RoomId, Seq};
use chatchat_function::{Error, aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest};
use realtime::{frame::Frame, heartbeat::rooms, mark_read::Marker, send_message::NewMessage, typing::Typing};
use serde_json::Value;

/// The largest integer that a JavaScript number holds exactly.
const MAX_SAFE: i64 = (1 << 53) - 1;

/// Reads a frame as each of the four actions.
///
/// - The values are those of the JSON, and within the bounds of `infra/asyncapi.yaml`.
/// - Text that is not JSON is `malformed_json`; JSON that is not a valid frame is
///   `validation_failed`, with the names of the invalid fields.
/// - The `error` event repeats the frame's `clientMessageId`.
pub fn frame(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let mut event = ApiGatewayWebsocketProxyRequest::default();
    event.request_context.connection_id = Some("a".to_owned());
    event.body = Some(text.to_owned());
    let frame = Frame::try_from(event).unwrap();
    let json = serde_json::from_str::<Value>(text).ok();
    let checked = Checked { frame: &frame, json: json.as_ref() };
    if let Some(message) = checked.read(frame.json::<NewMessage>(), &["roomId", "clientMessageId", "content"])
    {
        checked.room(&checked.field("roomId"), message.room_id);
        let content = message.content.as_str();
        assert!((1..=2000).contains(&content.chars().count()) && content.trim() == content, "{content:?}");
        let again = MessageContent::try_from(content.to_owned());
        assert_eq!(again.as_ref().map(MessageContent::as_str), Ok(content), "a content is stable");
        let id = checked.field("clientMessageId");
        assert_eq!(id.as_str().map(str::to_ascii_lowercase), Some(message.client_message_id.to_string()));
    }
    if let Some(marker) = checked.read(frame.json::<Marker>(), &["roomId", "seq"]) {
        checked.room(&checked.field("roomId"), marker.room_id);
        checked.seq(&checked.field("seq"), marker.seq);
    }
    if let Some(typing) = checked.read(frame.json::<Typing>(), &["roomId"]) {
        checked.room(&checked.field("roomId"), typing.room_id);
    }
    if let Some(rooms) = checked.read(rooms(&frame), &["rooms"]) {
        let given = checked.field("rooms");
        let given = given.as_array().unwrap();
        assert!(rooms.len() <= 20 && rooms.len() == given.len(), "{} rooms", rooms.len());
        for (room, given) in rooms.iter().zip(given) {
            checked.room(&given["roomId"], room.room_id);
            checked.seq(&given["lastSeq"], room.last_seq);
        }
    }
}

/// A frame, and its JSON as another parser reads it.
struct Checked<'a> {
    frame: &'a Frame,
    json: Option<&'a Value>,
}

impl Checked<'_> {
    fn field(&self, name: &str) -> Value {
        self.json.unwrap()[name].clone()
    }

    fn room(&self, given: &Value, room: RoomId) {
        assert!((1..=MAX_SAFE).contains(&room.get()), "{room}");
        self.number(given, room.get());
    }

    fn seq(&self, given: &Value, seq: Seq) {
        assert!((0..=MAX_SAFE).contains(&seq.get()), "{seq:?}");
        self.number(given, seq.get());
    }

    /// All integers up to 2^53 are exact as `f64`.
    #[allow(clippy::cast_precision_loss, clippy::float_cmp, clippy::unused_self)]
    fn number(&self, given: &Value, read: i64) {
        assert_eq!(given.as_f64(), Some(read as f64));
    }

    /// Returns the value of an action with these fields, or checks the error.
    fn read<T>(&self, read: Result<T, Error>, fields: &[&str]) -> Option<T> {
        let error = match read {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let object = self.json.map(Value::as_object);
        match (&error, object) {
            (Error::Invalid(wrong), Some(None)) => assert!(wrong.len() == 1 && wrong[0].field == "body"),
            (Error::Invalid(wrong), Some(Some(_))) => {
                assert!(!wrong.is_empty());
                for (at, wrong_field) in wrong.iter().enumerate() {
                    assert!(fields.contains(&wrong_field.field.as_str()), "{wrong_field:?}");
                    assert!(wrong[..at].iter().all(|other| other.field != wrong_field.field), "{wrong:?}");
                }
            }
            (error, object) => {
                assert_eq!((error.code(), object), (ErrorCode::MalformedJson, None));
            }
        }
        for language in [Language::Korean, Language::English] {
            let event = serde_json::to_value(self.frame.error(&error, language)).unwrap();
            assert_eq!(event["type"], "error");
            assert_eq!(event["code"], error.code().as_str());
            assert!(!event["message"].as_str().unwrap().is_empty());
            let id = object.flatten().and_then(|object| object.get("clientMessageId")?.as_str());
            assert_eq!(event.get("clientMessageId").and_then(Value::as_str), id);
        }
        None
    }
}
