//! Cache behaviors: the origin of each path, and what happens to a request on the way to it.

use axum::http::{HeaderName, HeaderValue, Method};
use serde_json::Value;

use super::{function::Function, headers::ResponseHeaders};
use crate::stack::{StackRef, api_id, bucket_name};

/// AWS's ids of the managed policies that a template may name.
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
const ALL_VIEWER_EXCEPT_HOST: &str = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

/// A cache behavior of the distribution. Nothing is cached here.
#[derive(Debug)]
pub(super) struct Behavior {
    pattern: String,
    pub(super) origin: Origin,
    pub(super) methods: Vec<Method>,
    pub(super) compress: bool,
    /// Whether the origin gets the viewer's headers, except `Host`.
    pub(super) forwards_viewer: bool,
    pub(super) function: Option<Function>,
    pub(super) headers: ResponseHeaders,
}

/// Where a behavior's requests go.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    id: String,
    pub(super) target: Target,
    pub(super) host: HeaderValue,
    pub(super) custom_headers: Vec<(HeaderName, HeaderValue)>,
}

/// The kind of an origin.
#[derive(Clone, Debug)]
pub(super) enum Target {
    HttpApi,
    WebSocketApi,
    /// The bucket with this name.
    Bucket(String),
}

/// Returns the behaviors of a distribution, the default one last, and the path of its root object.
pub(super) fn declared(
    stack_ref: &StackRef<'_>,
    config: &Value,
) -> Result<(Vec<Behavior>, Option<String>), String> {
    let config = stack_ref.resolve(config).map_err(|error| error.to_string())?;
    let list = |name: &str| config[name].as_array().cloned().unwrap_or_default();
    let origins = list("Origins")
        .iter()
        .map(|origin| declared_origin(stack_ref, origin))
        .collect::<Result<Vec<_>, _>>()?;
    let mut behaviors = Vec::new();
    for properties in list("CacheBehaviors").iter().chain([&config["DefaultCacheBehavior"]]) {
        behaviors.push(declared_behavior(stack_ref, &origins, properties)?);
    }
    let root = config["DefaultRootObject"].as_str().map(|object| format!("/{object}"));
    Ok((behaviors, root))
}

fn declared_origin(stack_ref: &StackRef<'_>, origin: &Value) -> Result<Origin, String> {
    let id = origin["Id"].as_str().unwrap_or_default().to_owned();
    let domain = origin["DomainName"].as_str().unwrap_or_default();
    let name = domain.split('.').next().unwrap_or_default();
    let is_api = domain.contains(".execute-api.");
    let target = stack_ref.all_resources().find_map(|(logical, kind)| match kind.as_str() {
        "AWS::Serverless::HttpApi" if is_api && api_id(logical) == name => Some(Target::HttpApi),
        "AWS::Serverless::WebSocketApi" if is_api && api_id(logical) == name => Some(Target::WebSocketApi),
        "AWS::S3::Bucket" if domain.contains(".s3.") && bucket_name(logical) == name => {
            Some(Target::Bucket(name.to_owned()))
        }
        _ => None,
    });
    let target = target.ok_or_else(|| {
        format!("the origin {id} must be a bucket or an API of the template, not {domain:?}")
    })?;
    let host = HeaderValue::from_str(domain).map_err(|error| error.to_string())?;
    let mut custom_headers = Vec::new();
    for header in origin["OriginCustomHeaders"].as_array().into_iter().flatten() {
        let name = header["HeaderName"].as_str().unwrap_or_default();
        let value = header["HeaderValue"].as_str().unwrap_or_default();
        let entry = (
            name.parse().map_err(|_| format!("{name:?} is not a header name"))?,
            HeaderValue::from_str(value).map_err(|_| format!("the value of {name} is not a header value"))?,
        );
        custom_headers.push(entry);
    }
    Ok(Origin { id, target, host, custom_headers })
}

fn declared_behavior(
    stack_ref: &StackRef<'_>,
    origins: &[Origin],
    properties: &Value,
) -> Result<Behavior, String> {
    let text = |name: &str| properties[name].as_str();
    let origin = text("TargetOriginId").unwrap_or_default();
    let origin = origins.iter().find(|one| one.id == origin).cloned();
    let pattern = text("PathPattern").unwrap_or("*").to_owned();
    let unknown = |name: &str, id: &str| format!("{pattern}: the local cloud does not know the {name} {id}");
    let forwards_viewer = match text("OriginRequestPolicyId") {
        None => false,
        Some(ALL_VIEWER_EXCEPT_HOST) => true,
        Some(id) => return Err(unknown("OriginRequestPolicyId", id)),
    };
    let methods = match properties["AllowedMethods"].as_array() {
        None => vec![Method::GET, Method::HEAD],
        Some(names) => names.iter().filter_map(|name| name.as_str()?.parse().ok()).collect(),
    };
    let resources = stack_ref.template.resources().map_err(|error| error.to_string())?;
    match text("CachePolicyId") {
        None | Some(CACHING_OPTIMIZED | CACHING_DISABLED) => {}
        Some(id) if resources.iter().any(|resource| resource.id == id) => {}
        Some(id) => return Err(unknown("CachePolicyId", id)),
    }
    let headers = match text("ResponseHeadersPolicyId") {
        None => ResponseHeaders::default(),
        Some(id) => {
            let policy = resources.iter().find(|resource| resource.id == id);
            let policy = policy.ok_or_else(|| unknown("ResponseHeadersPolicyId", id))?;
            let policy = stack_ref.resolve(policy.properties).map_err(|error| error.to_string())?;
            ResponseHeaders::declared(&policy["ResponseHeadersPolicyConfig"])?
        }
    };
    let associations = properties["FunctionAssociations"].as_array().map(Vec::as_slice).unwrap_or_default();
    let function = match associations {
        [] => None,
        [one] if one["EventType"] == "viewer-request" => {
            let arn = one["FunctionARN"].as_str().unwrap_or_default();
            let id = arn.rsplit(':').next().unwrap_or_default();
            let function = resources.iter().find(|resource| resource.id == id);
            let code = function.and_then(|function| function.properties["FunctionCode"].as_str());
            Some(Function::new(id, code.ok_or_else(|| unknown("FunctionARN", arn))?)?)
        }
        _ => return Err(format!("{pattern}: at most one function is supported, at viewer-request")),
    };
    Ok(Behavior {
        origin: origin.ok_or_else(|| format!("{pattern}: no origin has the id in TargetOriginId"))?,
        methods,
        compress: properties["Compress"] == true,
        forwards_viewer,
        function,
        headers,
        pattern,
    })
}

impl Behavior {
    /// Whether the pattern matches a path: `*` matches any characters, `?` one character.
    pub(super) fn matches(&self, path: &str) -> bool {
        matches(self.pattern.trim_start_matches('/').as_bytes(), path.trim_start_matches('/').as_bytes())
    }
}

fn matches(pattern: &[u8], path: &[u8]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=path.len()).any(|at| matches(rest, &path[at..])),
        (Some((b'?', pattern)), Some((_, path))) => matches(pattern, path),
        (Some((one, pattern)), Some((other, path))) if one == other => matches(pattern, path),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn star_matches_any_characters_and_question_mark_one() {
        for (pattern, path, expected) in [
            ("*", "", true),
            ("api/*", "api/health", true),
            ("api/*", "api", false),
            ("api/docs*", "api/docs.html", true),
            ("realtime", "realtime", true),
            ("realtime", "realtime/x", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), path.as_bytes()), expected, "{pattern} {path}");
        }
    }
}
