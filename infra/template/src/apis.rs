//! The HTTP API and the WebSocket API of a template, and the routes to its functions.

use serde_json::Value;

use crate::{Lookup, Resource, Template, TemplateError, value::scalar_text};

/// The API that SAM creates if functions have `HttpApi` events and the template declares no API.
const IMPLICIT_HTTP_API: &str = "ServerlessHttpApi";

/// The HTTP API.
#[derive(Clone, Debug)]
pub struct HttpApi {
    /// The logical id.
    pub id: String,
    /// `StageName`; `$default` by default.
    pub stage: String,
    /// The CORS configuration, if the template has one.
    pub cors: Option<Cors>,
}

/// A CORS configuration. A missing property is an empty list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    /// `AllowOrigins`.
    pub allow_origins: Vec<String>,
    /// `AllowMethods`.
    pub allow_methods: Vec<String>,
    /// `AllowHeaders`.
    pub allow_headers: Vec<String>,
    /// `ExposeHeaders`.
    pub expose_headers: Vec<String>,
    /// `MaxAge` in seconds.
    pub max_age: Option<u64>,
    /// `AllowCredentials`.
    pub allow_credentials: bool,
}

/// A route of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRoute {
    /// The method in upper case, or `ANY`.
    pub method: String,
    /// The path, for instance `/rooms/{id}`, or `$default`.
    pub path: String,
    /// The logical id of the route's function.
    pub function: String,
}

impl HttpRoute {
    /// API Gateway's route key, for instance `GET /rooms/{id}`, or `$default`.
    #[must_use]
    pub fn key(&self) -> String {
        if self.path == "$default" { self.path.clone() } else { format!("{} {}", self.method, self.path) }
    }
}

/// The WebSocket API.
#[derive(Clone, Debug)]
pub struct WebSocketApi {
    /// The logical id.
    pub id: String,
    /// For instance `$request.body.action`.
    pub route_selection_expression: String,
    /// `StageName`, unresolved; `default` by default, as in SAM.
    pub stage: Value,
    /// The routes, in the order of their keys.
    pub routes: Vec<WebSocketRoute>,
}

/// A route of the WebSocket API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocketRoute {
    /// `$connect`, `$disconnect`, `$default`, or a name that consists of letters and digits.
    pub key: String,
    /// The logical id of the route's function.
    pub function: String,
    /// Whether the function's response goes to the client, because the route has a
    /// `RouteResponseSelectionExpression`.
    pub answers: bool,
}

impl Template {
    /// The HTTP API; `None` if no function has an `HttpApi` event.
    ///
    /// # Errors
    /// If there are several, or the CORS configuration is invalid.
    pub fn http_api(&self, lookup: &dyn Lookup) -> Result<Option<HttpApi>, TemplateError> {
        let declared = self.of_kind("AWS::Serverless::HttpApi")?;
        let (id, cors, stage) = match declared.as_slice() {
            [] if self.http_routes()?.is_empty() => return Ok(None),
            [] => (IMPLICIT_HTTP_API, self.global("HttpApi", "CorsConfiguration"), &Value::Null),
            [api] => {
                (api.id, self.property(api, "HttpApi", "CorsConfiguration"), &api.properties["StageName"])
            }
            [_, second, ..] => {
                return Err(self.shape(
                    &format!("Resources.{}", second.id),
                    "only one HTTP API is supported, this is the second",
                ));
            }
        };
        let stage = match self.resolve(stage, lookup)? {
            Value::Null => "$default".to_owned(),
            Value::String(stage) => stage,
            _ => {
                return Err(
                    self.shape(&format!("Resources.{id}.Properties.StageName"), "a string is expected")
                );
            }
        };
        let cors = self.cors(&self.resolve(cors, lookup)?, id)?;
        Ok(Some(HttpApi { id: id.to_owned(), stage, cors }))
    }

    fn cors(&self, value: &Value, api: &str) -> Result<Option<Cors>, TemplateError> {
        let object = match value {
            Value::Null | Value::Bool(false) => return Ok(None),
            Value::Bool(true) => {
                return Ok(Some(Cors { allow_origins: vec!["*".to_owned()], ..Cors::default() }));
            }
            Value::Object(object) => object,
            _ => {
                return Err(self.shape(
                    &format!("Resources.{api}.Properties.CorsConfiguration"),
                    "a mapping is expected",
                ));
            }
        };
        let list = |name: &str| match object.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(scalar_text).collect(),
            Some(Value::String(one)) => one.split(',').map(|part| part.trim().to_owned()).collect(),
            _ => Vec::new(),
        };
        Ok(Some(Cors {
            allow_origins: list("AllowOrigins"),
            allow_methods: list("AllowMethods"),
            allow_headers: list("AllowHeaders"),
            expose_headers: list("ExposeHeaders"),
            max_age: object.get("MaxAge").and_then(scalar_text).and_then(|text| text.parse().ok()),
            allow_credentials: object.get("AllowCredentials").and_then(scalar_text).as_deref()
                == Some("true"),
        }))
    }

    /// The routes of the HTTP API: the functions' events of type `HttpApi`.
    ///
    /// # Errors
    /// If an event has a path without a method or a method without a path, or if two events declare
    /// the same route.
    pub fn http_routes(&self) -> Result<Vec<HttpRoute>, TemplateError> {
        let mut routes: Vec<HttpRoute> = Vec::new();
        for function in self.of_kind("AWS::Serverless::Function")? {
            for (name, event) in function.properties["Events"].as_object().into_iter().flatten() {
                if event["Type"] != "HttpApi" {
                    continue;
                }
                let route = self.http_route(&function, name, &event["Properties"])?;
                if routes.iter().any(|other| other.key() == route.key()) {
                    let place = format!("Resources.{}.Properties.Events.{name}", function.id);
                    return Err(self.shape(&place, &format!("the route {} is declared twice", route.key())));
                }
                routes.push(route);
            }
        }
        Ok(routes)
    }

    fn http_route(
        &self,
        function: &Resource<'_>,
        event: &str,
        properties: &Value,
    ) -> Result<HttpRoute, TemplateError> {
        let (method, path) = match (properties["Method"].as_str(), properties["Path"].as_str()) {
            (_, None | Some("$default"))
                if properties["Method"].is_null() || properties["Path"] == "$default" =>
            {
                ("ANY", "$default")
            }
            (Some("*" | "x-amazon-apigateway-any-method"), Some(path)) => ("ANY", path),
            (Some(method), Some(path)) if path.starts_with('/') => (method, path),
            _ => {
                let place = format!("Resources.{}.Properties.Events.{event}", function.id);
                return Err(self.shape(
                    &place,
                    "either both Method and a Path that starts with a slash are expected, or neither",
                ));
            }
        };
        Ok(HttpRoute {
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            function: function.id.to_owned(),
        })
    }

    /// The WebSocket API with its routes; `None` if the template has no WebSocket API.
    ///
    /// # Errors
    /// If there are several, or API Gateway would reject it: the stage must not be `$default`, and
    /// a route key other than `$connect`, `$disconnect` and `$default` must consist of letters and
    /// digits.
    pub fn websocket_api(&self) -> Result<Option<WebSocketApi>, TemplateError> {
        let declared = self.of_kind("AWS::Serverless::WebSocketApi")?;
        let api = match declared.as_slice() {
            [] => return Ok(None),
            [api] => api,
            [_, second, ..] => {
                return Err(self.shape(
                    &format!("Resources.{}", second.id),
                    "only one WebSocket API is supported, this is the second",
                ));
            }
        };
        let place = format!("Resources.{}.Properties", api.id);
        let stage = match &api.properties["StageName"] {
            Value::Null => Value::from("default"),
            value => value.clone(),
        };
        if stage == "$default" {
            return Err(self
                .shape(&format!("{place}.StageName"), "the stage of a WebSocket API must not be $default"));
        }
        let expression = self.property(api, "WebSocketApi", "RouteSelectionExpression").as_str();
        let routes = api.properties["Routes"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, route)| self.websocket_route(&place, key, route));
        Ok(Some(WebSocketApi {
            id: api.id.to_owned(),
            route_selection_expression: expression.map(str::to_owned).ok_or_else(|| {
                self.shape(&format!("{place}.RouteSelectionExpression"), "a string is expected")
            })?,
            stage,
            routes: routes.collect::<Result<_, _>>()?,
        }))
    }

    /// The routes of the WebSocket API; empty if the template has no WebSocket API.
    ///
    /// # Errors
    /// See [`Template::websocket_api`].
    pub fn websocket_routes(&self) -> Result<Vec<WebSocketRoute>, TemplateError> {
        Ok(self.websocket_api()?.map(|api| api.routes).unwrap_or_default())
    }

    fn websocket_route(&self, api: &str, key: &str, route: &Value) -> Result<WebSocketRoute, TemplateError> {
        let special = matches!(key, "$connect" | "$disconnect" | "$default");
        if !special && (key.is_empty() || !key.chars().all(|letter| letter.is_ascii_alphanumeric())) {
            return Err(
                self.shape(&format!("{api}.Routes.{key}"), "a route key must consist of letters and digits")
            );
        }
        let arn = &route["FunctionArn"];
        let function = match (arn["Fn::GetAtt"][0].as_str(), arn["Fn::Sub"].as_str()) {
            (Some(function), _) if arn["Fn::GetAtt"][1] == "Arn" => Some(function),
            (_, Some(text)) => text.strip_prefix("${").and_then(|text| text.strip_suffix(".Arn}")),
            _ => None,
        };
        let function = function
            .filter(|id| self.root()["Resources"][*id]["Type"] == "AWS::Serverless::Function")
            .ok_or_else(|| {
                self.shape(
                    &format!("{api}.Routes.{key}.FunctionArn"),
                    "!GetAtt of a function's Arn is expected",
                )
            })?;
        Ok(WebSocketRoute {
            key: key.to_owned(),
            function: function.to_owned(),
            answers: !route["RouteResponseSelectionExpression"].is_null(),
        })
    }
}
