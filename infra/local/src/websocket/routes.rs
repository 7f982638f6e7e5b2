//! The routes of messages to functions.

use std::collections::BTreeMap;

use chatchat_template::WebSocketRoute;
use serde_json::Value;

/// The routes and the expression that selects one.
#[derive(Debug)]
pub(super) struct Routes {
    /// The names after `$request.body.`.
    path: Vec<String>,
    routes: BTreeMap<String, WebSocketRoute>,
}

impl Routes {
    pub(super) fn new(expression: &str, routes: Vec<WebSocketRoute>) -> Result<Self, String> {
        let expression =
            expression.strip_prefix("${").and_then(|inner| inner.strip_suffix('}')).unwrap_or(expression);
        let path = expression.trim_start_matches('$').strip_prefix("request.body.").ok_or_else(|| {
            format!("RouteSelectionExpression: $request.body.NAME is expected, not {expression}")
        })?;
        Ok(Self {
            path: path.split('.').map(str::to_owned).collect(),
            routes: routes.into_iter().map(|route| (route.key.clone(), route)).collect(),
        })
    }

    /// The route `$connect` or `$disconnect`.
    pub(super) fn special(&self, key: &str) -> Option<&WebSocketRoute> {
        self.routes.get(key)
    }

    /// The route that a message selects, or else `$default`.
    pub(super) fn of_message(&self, body: &str) -> Option<&WebSocketRoute> {
        self.selected(body).or_else(|| self.routes.get("$default"))
    }

    fn selected(&self, body: &str) -> Option<&WebSocketRoute> {
        let body: Value = serde_json::from_str(body).ok()?;
        let mut value = &body;
        for name in &self.path {
            value = value.get(name)?;
        }
        // A message cannot select `$connect` or `$disconnect`.
        self.routes.get(value.as_str().filter(|key| !key.starts_with('$'))?)
    }
}
