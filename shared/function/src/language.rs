//! The language of a response: Korean, or English if the client prefers it.

use chatchat_domain::Language;
use http::{HeaderMap, header::ACCEPT_LANGUAGE};

/// Reads `Accept-Language` (RFC 9110, section 12.5.4). Returns English if its weight is greater
/// than that of Korean, and Korean otherwise.
pub fn preferred(headers: &HeaderMap) -> Language {
    let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    of_header(header)
}

fn of_header(header: Option<&str>) -> Language {
    let weight = |language: &str| {
        let ranges = header.unwrap_or_default().split(',').filter_map(|range| {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let primary = tag.trim().split('-').next().unwrap_or_default();
            let weight =
                parameters.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.trim().parse::<f32>().ok())?;
            primary.eq_ignore_ascii_case(language).then_some(weight)
        });
        ranges.fold(0.0, f32::max)
    };
    if weight("en") > weight("ko") { Language::English } else { Language::Korean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_only_if_preferred_to_korean() {
        for header in [
            None,
            Some(""),
            Some("ko"),
            Some("ko-KR,ko;q=0.9,en;q=0.8"),
            Some("fr"),
            Some("en;q=0"),
            Some("*"),
        ] {
            assert_eq!(of_header(header), Language::Korean, "{header:?}");
        }
        for header in ["en", "en-US,en;q=0.9,ko;q=0.8", "EN-gb", "fr, en;q=0.3"] {
            assert_eq!(of_header(Some(header)), Language::English, "{header}");
        }
    }
}
