//! Identifies the sender of a request: the viewer's address, and whether the page that sent the
//! request may use cookies.
//!
//! The distribution sets the headers below on every request, and replaces headers of the same names
//! from clients. Clients can also call API Gateway's own endpoint. So the headers are trusted only
//! together with the secret that the distribution and the functions share.

use chatchat_tokens::sha256;
use http::{HeaderMap, header::ORIGIN};

use crate::optional;

/// The distribution's secret (`infra/web.yaml`).
const SECRET: &str = "chatchat-distribution-secret";
/// The host in the viewer's request.
const HOST: &str = "chatchat-viewer-host";
/// The viewer's IP address.
const ADDRESS: &str = "chatchat-viewer-address";

/// The settings for identifying viewers.
pub struct Viewers {
    /// The SHA-256 of the distribution's secret. Hashes are compared, so that the time of a
    /// comparison reveals nothing about the secret.
    secret: Option<[u8; 32]>,
    /// The allowed origins in addition to the distribution's own, separated by commas.
    allowed_origins: String,
}

/// The viewer of one request.
#[derive(Default)]
pub struct Viewer {
    /// The viewer's IP address; empty for an event that has none.
    pub address: String,
    /// The result of checking the `Origin` header.
    pub origin: PageOrigin,
}

/// Whether the page that sent a request belongs to this product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageOrigin {
    /// The page has this product's origin or a listed one. Or there is no `Origin`, so the client
    /// is not a browser.
    Allowed,
    /// The request came through the distribution, which did not name the host.
    Unknown,
    /// A page of another site.
    #[default]
    Foreign,
}

impl Viewers {
    /// Reads `DISTRIBUTION_SECRET` and `ALLOWED_ORIGINS`; each may be missing.
    pub(crate) fn from_environment() -> Self {
        Self::new(optional("DISTRIBUTION_SECRET"), optional("ALLOWED_ORIGINS").unwrap_or_default())
    }

    fn new(secret: Option<String>, allowed_origins: String) -> Self {
        Self { secret: secret.map(|secret| sha256(&secret)), allowed_origins }
    }

    /// Returns the viewer of a request with these headers, which API Gateway received from
    /// `source_address`.
    pub fn of(&self, headers: &HeaderMap, source_address: &str) -> Viewer {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let through_distribution = self.secret.is_some() && text(SECRET).map(sha256) == self.secret;
        let address = text(ADDRESS).filter(|_| through_distribution).unwrap_or(source_address).to_owned();
        let origin = match headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or_default()) {
            None => PageOrigin::Allowed,
            Some(origin) if is_listed(origin, &self.allowed_origins) => PageOrigin::Allowed,
            Some(_) if !through_distribution => PageOrigin::Foreign,
            Some(origin) => match text(HOST) {
                None => PageOrigin::Unknown,
                Some(host) if is_at(origin, host) => PageOrigin::Allowed,
                Some(_) => PageOrigin::Foreign,
            },
        };
        Viewer { address, origin }
    }
}

/// Returns whether a comma-separated list contains exactly this origin.
fn is_listed(origin: &str, list: &str) -> bool {
    list.split(',').map(str::trim).any(|allowed| !allowed.is_empty() && allowed == origin)
}

/// Returns whether an origin is that of the host: over HTTPS, or over HTTP on this machine.
fn is_at(origin: &str, host: &str) -> bool {
    let Some((scheme, origin_host)) = origin.split_once("://") else { return false };
    origin_host.eq_ignore_ascii_case(host) && (scheme == "https" || scheme == "http" && is_loopback(host))
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]") || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn viewer(headers: &[(&'static str, &str)]) -> Viewer {
        let viewers = Viewers::new(
            Some("secret".to_owned()),
            "https://app.example.com, http://localhost:5173".to_owned(),
        );
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        viewers.of(&headers.collect(), "192.0.2.1")
    }

    #[test]
    fn viewer_headers_are_trusted_only_with_the_secret() {
        let forged = [(ADDRESS, "203.0.113.7"), (HOST, "evil.example"), ("origin", "https://evil.example")];
        for secret in [None, Some(""), Some("other")] {
            let headers: Vec<_> = forged.into_iter().chain(secret.map(|secret| (SECRET, secret))).collect();
            let viewer = viewer(&headers);
            assert_eq!((viewer.address.as_str(), viewer.origin), ("192.0.2.1", PageOrigin::Foreign));
        }
        let viewer = viewer(&[&forged[..], &[(SECRET, "secret")]].concat());
        assert_eq!((viewer.address.as_str(), viewer.origin), ("203.0.113.7", PageOrigin::Allowed));
    }

    #[test]
    fn without_a_secret_no_viewer_header_is_trusted() {
        let viewers = Viewers::new(None, String::new());
        let headers = [(SECRET, ""), (ADDRESS, "203.0.113.7")]
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        assert_eq!(viewers.of(&headers.collect(), "192.0.2.1").address, "192.0.2.1");
    }

    #[test]
    fn only_own_and_listed_origins_are_allowed() {
        let origin =
            |origin: &str, host: &str| viewer(&[(SECRET, "secret"), (HOST, host), ("origin", origin)]).origin;
        for (own, host) in [
            ("https://chat.example.com", "chat.example.com"),
            ("https://chat.example.com:8443", "chat.example.com:8443"),
            ("http://localhost:8080", "localhost:8080"),
            ("http://widget.localhost:8080", "widget.localhost:8080"),
            ("http://[::1]:8080", "[::1]:8080"),
            ("https://app.example.com", "chat.example.com"),
            ("http://localhost:5173", "localhost:8080"),
        ] {
            assert_eq!(origin(own, host), PageOrigin::Allowed, "{own} at {host}");
        }
        for (foreign, host) in [
            ("http://chat.example.com", "chat.example.com"),
            ("https://chat.example.com.evil.com", "chat.example.com"),
            ("https://example.com", "chat.example.com"),
            ("http://localhost:8081", "localhost:8080"),
            ("null", "chat.example.com"),
            ("", "chat.example.com"),
            ("chat.example.com", "chat.example.com"),
        ] {
            assert_eq!(origin(foreign, host), PageOrigin::Foreign, "{foreign} at {host}");
        }
    }

    #[test]
    fn client_without_an_origin_is_not_a_browser() {
        assert_eq!(viewer(&[]).origin, PageOrigin::Allowed);
        let host_unknown = viewer(&[(SECRET, "secret"), ("origin", "https://chat.example.com")]);
        assert_eq!(host_unknown.origin, PageOrigin::Unknown);
    }
}
