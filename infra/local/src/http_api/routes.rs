//! The selection of a request's route: first the routes without `{proxy+}`, then those with it, then
//! `$default`.

use std::{cmp::Reverse, collections::BTreeMap};

use axum::http::Method;
use chatchat_template::HttpRoute;
use percent_encoding::percent_decode_str;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable(String),
    Greedy(String),
}

#[derive(Debug)]
struct Entry {
    route: HttpRoute,
    key: String,
    parts: Vec<Part>,
}

/// The routes, the most specific first.
#[derive(Debug)]
pub(super) struct Routes {
    entries: Vec<Entry>,
    default: Option<HttpRoute>,
}

/// The route of a request.
#[derive(Debug)]
pub(super) struct Matched<'a> {
    pub(super) key: &'a str,
    pub(super) function: &'a str,
    /// The percent-decoded values of the path's variables.
    pub(super) parameters: BTreeMap<&'a str, String>,
}

impl Routes {
    pub(super) fn new(routes: Vec<HttpRoute>) -> Self {
        let (default, others): (Vec<_>, Vec<_>) =
            routes.into_iter().partition(|route| route.path == "$default");
        let mut entries: Vec<Entry> = others
            .into_iter()
            .map(|route| Entry {
                key: route.key(),
                parts: route.path[1..].split('/').map(part).collect(),
                route,
            })
            .collect();
        // Compares the parts from the left: a literal part comes before a variable. A route for one
        // method comes before a route for any method.
        entries.sort_by_key(|entry| {
            let greedy = matches!(entry.parts.last(), Some(Part::Greedy(_)));
            let literal =
                entry.parts.iter().map(|part| Reverse(matches!(part, Part::Literal(_)))).collect::<Vec<_>>();
            (greedy, literal, Reverse(entry.parts.len()), entry.route.method == "ANY")
        });
        Self { entries, default: default.into_iter().next() }
    }

    pub(super) fn find(&self, method: &Method, path: &str) -> Option<Matched<'_>> {
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let found = self.entries.iter().find_map(|entry| {
            if entry.route.method != "ANY" && entry.route.method != method.as_str() {
                return None;
            }
            let parameters = entry.parameters(&segments)?;
            Some(Matched { key: &entry.key, function: &entry.route.function, parameters })
        });
        found.or_else(|| {
            let route = self.default.as_ref()?;
            Some(Matched { key: "$default", function: &route.function, parameters: BTreeMap::new() })
        })
    }
}

impl Entry {
    fn parameters(&self, segments: &[&str]) -> Option<BTreeMap<&str, String>> {
        let mut parameters = BTreeMap::new();
        for (index, part) in self.parts.iter().enumerate() {
            let segment = segments.get(index)?;
            match part {
                Part::Literal(literal) if literal == segment => {}
                Part::Variable(name) if !segment.is_empty() => {
                    _ = parameters.insert(name.as_str(), decode(segment));
                }
                Part::Greedy(name) if !segment.is_empty() => {
                    parameters.insert(name.as_str(), decode(&segments[index..].join("/")));
                    return Some(parameters);
                }
                _ => return None,
            }
        }
        (segments.len() == self.parts.len()).then_some(parameters)
    }
}

fn part(text: &str) -> Part {
    match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(name) => match name.strip_suffix('+') {
            Some(name) => Part::Greedy(name.to_owned()),
            None => Part::Variable(name.to_owned()),
        },
        None => Part::Literal(text.to_owned()),
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        let routes = [
            "GET /rooms",
            "GET /rooms/{id}",
            "GET /rooms/own",
            "ANY /rooms/{id}",
            "GET /files/{proxy+}",
            "POST /files/{id}",
        ];
        let route = |key: &&str| {
            let (method, path) = key.split_once(' ').unwrap();
            HttpRoute { method: method.into(), path: path.into(), function: (*key).into() }
        };
        Routes::new(routes.iter().map(route).collect())
    }

    #[test]
    fn most_specific_route_is_selected() {
        let routes = routes();
        for (method, path, key) in [
            ("GET", "/rooms", Some("GET /rooms")),
            ("GET", "/rooms/own", Some("GET /rooms/own")),
            ("GET", "/rooms/7", Some("GET /rooms/{id}")),
            ("PUT", "/rooms/own", Some("ANY /rooms/{id}")),
            ("GET", "/files/a/b", Some("GET /files/{proxy+}")),
            ("POST", "/files/a/b", None),
            ("GET", "/rooms/7/", None),
            ("GET", "/rooms/", None),
            ("GET", "/", None),
        ] {
            let method = method.parse().unwrap();
            assert_eq!(routes.find(&method, path).map(|matched| matched.key), key, "{method} {path}");
        }
    }

    #[test]
    fn path_variables_are_decoded() {
        let routes = routes();
        assert_eq!(routes.find(&Method::GET, "/files/a%20b/c").unwrap().parameters["proxy"], "a b/c");
        assert_eq!(routes.find(&Method::GET, "/rooms/7").unwrap().parameters["id"], "7");
    }
}
