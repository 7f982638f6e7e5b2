//! Reads domain types from JSON objects, and reports all invalid fields at once.
//!
//! A derived `Deserialize` stops at the first invalid field. So it runs again with that field moved
//! to the end, until no other field fails. All valid fields are then read before the invalid ones,
//! and n invalid fields take n + 1 runs.

use std::fmt;

use chatchat_domain::Problem;
use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, Error as _, IntoDeserializer, MapAccess, Unexpected,
        Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};

use crate::FieldError;

/// Reads a struct from the fields of an object. Unknown fields are ignored. A missing field is
/// `None` for an `Option`, and [`Problem::Required`] for any other type, as is null.
pub fn read<T: DeserializeOwned>(object: &Map<String, Value>) -> Result<T, Vec<FieldError>> {
    let mut wrong: Vec<FieldError> = Vec::new();
    loop {
        match T::deserialize(Object { object, last: &wrong }) {
            Ok(value) => return if wrong.is_empty() { Ok(value) } else { Err(wrong) },
            Err(Failure { field, problem }) => {
                let field = field.unwrap_or("body");
                if wrong.iter().any(|known| known.field == field) {
                    return Err(wrong);
                }
                wrong.push(FieldError::new(field, problem));
            }
        }
    }
}

/// The first invalid field of a run.
#[derive(Debug)]
struct Failure {
    field: Option<&'static str>,
    problem: Problem,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { field: None, problem }
    }
}

impl de::Error for Failure {
    /// Domain types fail with a [`Problem`], which arrives here as text.
    fn custom<T: fmt::Display>(message: T) -> Self {
        message.to_string().parse().unwrap_or(Problem::InvalidFormat).into()
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Problem::WrongType.into()
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Problem::OutOfRange.into()
    }

    fn missing_field(_: &'static str) -> Self {
        Problem::Required.into()
    }
}

/// Deserializes an object: its fields in the order of the struct, but those in `last` at the end.
struct Object<'a> {
    object: &'a Map<String, Value>,
    last: &'a [FieldError],
}

impl<'de> Deserializer<'de> for Object<'_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Failure> {
        Err(Failure::custom("only structs with named fields are read from a body"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let known = |field: &str| self.last.iter().any(|wrong| wrong.field == field);
        let (last, first): (Vec<_>, Vec<_>) = fields.iter().copied().partition(|field| known(field));
        visitor.visit_map(Fields { object: self.object, names: first.into_iter().chain(last), current: "" })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Fields<'a, I> {
    object: &'a Map<String, Value>,
    names: I,
    current: &'static str,
}

impl<'de, I: Iterator<Item = &'static str>> MapAccess<'de> for Fields<'_, I> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        let Some(name) = self.names.next() else { return Ok(None) };
        self.current = name;
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        seed.deserialize(Field(self.object.get(self.current)))
            .map_err(|failure| Failure { field: Some(self.current), ..failure })
    }
}

/// The value of a field; `None` if the field is missing.
struct Field<'a>(Option<&'a Value>);

impl<'de> Deserializer<'de> for Field<'_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.0 {
            None | Some(Value::Null) => Err(Problem::Required.into()),
            Some(Value::Bool(value)) => visitor.visit_bool(*value),
            Some(Value::String(text)) => visitor.visit_str(text),
            Some(Value::Number(number)) => {
                if let Some(number) = number.as_i64() {
                    visitor.visit_i64(number)
                } else if let Some(number) = number.as_u64() {
                    visitor.visit_u64(number)
                } else {
                    let number = number.as_f64().unwrap_or(f64::NAN);
                    match integer(number) {
                        Some(integer) => visitor.visit_i64(integer),
                        None => visitor.visit_f64(number),
                    }
                }
            }
            Some(Value::Array(values)) => {
                visitor.visit_seq(SeqDeserializer::new(values.iter().map(|value| Field(Some(value)))))
            }
            Some(Value::Object(object)) => visitor.visit_map(MapDeserializer::new(
                object.iter().map(|(name, value)| (name.as_str(), Field(Some(value)))),
            )),
        }
    }

    /// Distinguishes null (`visit_unit`: remove the value) from a missing field (`visit_none`: keep
    /// the value) for the types that need it.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.0 {
            None => visitor.visit_none(),
            Some(Value::Null) => visitor.visit_unit(),
            Some(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Returns a number without a fraction, such as `1.0` or `1e0`, as an integer, because it is one in
/// JSON Schema. A number that is too large becomes the largest or smallest integer.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn integer(number: f64) -> Option<i64> {
    (number.fract() == 0.0).then_some(number as i64)
}

impl IntoDeserializer<'_, Failure> for Field<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use chatchat_domain::{MessageContent, Name, RoomId, RoomPosition, Username};
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body {
        user_name: Username,
        name: Option<Name>,
        room: RoomId,
        content: MessageContent,
        #[serde(default)]
        rooms: Option<Vec<RoomPosition>>,
    }

    #[allow(clippy::needless_pass_by_value)]
    fn wrong(body: Value) -> Vec<(String, Problem)> {
        let wrong = read::<Body>(body.as_object().unwrap()).unwrap_err();
        wrong.into_iter().map(|wrong| (wrong.field, wrong.problem)).collect()
    }

    #[test]
    fn valid_body_is_read_and_unknown_fields_are_ignored() {
        let body = json!({"userName": "haneul01", "room": 7, "content": " hi ", "name": null, "more": {"x": []},
                          "rooms": [{"roomId": 1, "lastSeq": 0}]});
        let body: Body = read(body.as_object().unwrap()).unwrap();
        assert_eq!((body.user_name.as_str(), body.content.as_str()), ("haneul01", "hi"));
        assert_eq!((body.room.get(), body.name, body.rooms.unwrap().len()), (7, None, 1));
    }

    #[test]
    fn all_invalid_fields_are_reported_at_once() {
        assert_eq!(
            wrong(json!({"userName": "a", "name": "x".repeat(21), "room": "7"})),
            [
                ("userName".into(), Problem::TooShort(6)),
                ("name".into(), Problem::TooLong(20)),
                ("room".into(), Problem::WrongType),
                ("content".into(), Problem::Required),
            ]
        );
        assert_eq!(wrong(json!({})).len(), 3);
    }

    #[test]
    fn numbers_must_be_integers_in_range() {
        let room = |room: Value| wrong(json!({"userName": "haneul01", "content": "x", "room": room}));
        for (value, problem) in [
            (json!(0), Problem::OutOfRange),
            (json!(-1), Problem::OutOfRange),
            (json!(9_223_372_036_854_775_808_u64), Problem::OutOfRange),
            (json!(1.5), Problem::WrongType),
            (json!("1"), Problem::WrongType),
            (json!([1]), Problem::WrongType),
            (json!({"id": 1}), Problem::WrongType),
            (json!(true), Problem::WrongType),
            (json!(null), Problem::Required),
        ] {
            assert_eq!(room(value.clone()), [("room".to_owned(), problem)], "{value}");
        }
    }

    #[test]
    fn integers_may_have_a_zero_fraction_or_an_exponent() {
        let read = |number: &str| {
            let body = format!(
                r#"{{"userName": "haneul01", "content": "x", "room": {number}, "rooms": [{{"roomId": {number}, "lastSeq": {number}}}]}}"#
            );
            read::<Body>(serde_json::from_str::<Value>(&body).unwrap().as_object().unwrap())
        };
        for (number, value) in [
            ("1.0", 1),
            ("1e0", 1),
            ("10E-1", 1),
            ("1.5e1", 15),
            ("9007199254740991.0", 9_007_199_254_740_991),
            ("9.007199254740991e15", 9_007_199_254_740_991),
        ] {
            let Body { room, rooms, .. } = read(number).unwrap();
            let rooms = rooms.unwrap();
            assert_eq!(
                (room.get(), rooms[0].room_id.get(), rooms[0].last_seq.get()),
                (value, value, value),
                "{number}"
            );
        }
        for (number, problem) in [
            ("1.5", Problem::WrongType),
            ("1e-1", Problem::WrongType),
            ("4503599627370495.5", Problem::WrongType),
            ("-1.0", Problem::OutOfRange),
            ("9007199254740992.0", Problem::OutOfRange),
            ("1e19", Problem::OutOfRange),
            ("1e300", Problem::OutOfRange),
            ("-1e300", Problem::OutOfRange),
        ] {
            let wrong = read(number).unwrap_err();
            assert_eq!(
                wrong,
                [FieldError::new("room", problem), FieldError::new("rooms", problem)],
                "{number}"
            );
        }
        assert_eq!(
            read("0.0").unwrap_err(),
            [FieldError::new("room", Problem::OutOfRange), FieldError::new("rooms", Problem::OutOfRange)]
        );
    }

    #[test]
    fn invalid_list_item_is_reported_for_the_list() {
        let body = json!({"userName": "haneul01", "content": "x", "room": 1, "rooms": [{"roomId": 0, "lastSeq": 1}]});
        assert_eq!(wrong(body), [("rooms".to_owned(), Problem::OutOfRange)]);
    }
}
