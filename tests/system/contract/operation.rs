//! The operations of the OpenAPI document.

use std::collections::BTreeMap;

use jsonschema::Validator;

/// A method of a path, with its documented answers.
pub(super) struct Operation {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) answers: Answers,
}

/// The documented statuses with the schemas of their bodies. A status without a schema has no body.
pub(super) type Answers = BTreeMap<u16, Option<Validator>>;

/// Whether a concrete path matches a template such as `/companies/{id}`.
pub(super) fn matches_template(path: &str, template: &str) -> bool {
    let (segments, parts): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
    let fits =
        |(segment, part): (&&str, &&str)| segment == part || (is_variable(part) && !segment.is_empty());
    segments.len() == parts.len() && segments.iter().zip(&parts).all(fits)
}

/// Whether a segment of a template is a variable, such as `{id}`.
pub(super) fn is_variable(part: &str) -> bool {
    part.starts_with('{')
}
