//! Fields of a PATCH body that can also be removed.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};

/// The change that a body asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Patch<T> {
    /// The body does not have the field: keep the value.
    Absent,
    /// The field is null: remove the value.
    Null,
    /// The new value.
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(PatchVisitor(PhantomData))
    }
}

struct PatchVisitor<T>(PhantomData<T>);

/// Reads the values of `fields::read`: a missing field as none, and null as unit.
impl<'de, T: Deserialize<'de>> Visitor<'de> for PatchVisitor<T> {
    type Value = Patch<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, null or nothing")
    }

    fn visit_none<E: Error>(self) -> Result<Patch<T>, E> {
        Ok(Patch::Absent)
    }

    fn visit_unit<E: Error>(self) -> Result<Patch<T>, E> {
        Ok(Patch::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Patch<T>, D::Error> {
        T::deserialize(deserializer).map(Patch::Value)
    }
}

#[cfg(test)]
mod tests {
    use chatchat_domain::Name;
    use serde_json::json;

    use super::*;
    use crate::fields;

    #[derive(Debug, Deserialize)]
    struct Body {
        name: Patch<Name>,
    }

    #[test]
    fn missing_null_and_a_value_are_distinguished() {
        let read =
            |body: &serde_json::Value| fields::read::<Body>(body.as_object().unwrap()).map(|body| body.name);
        assert_eq!(read(&json!({})), Ok(Patch::Absent));
        assert_eq!(read(&json!({ "name": null })), Ok(Patch::Null));
        assert_eq!(read(&json!({ "name": "하늘" })), Ok(Patch::Value("하늘".parse().unwrap())));
        assert!(read(&json!({ "name": 1 })).is_err());
    }
}
