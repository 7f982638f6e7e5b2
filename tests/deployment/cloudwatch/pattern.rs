//! The part of CloudWatch's filter patterns for JSON that the templates use:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>.

use serde_json::Value;

/// A condition on a line.
#[derive(Debug, PartialEq)]
pub enum Pattern {
    Any(Vec<Self>),
    All(Vec<Self>),
    Is { selector: String, equal: bool, value: Value },
    Greater { selector: String, than: f64 },
}

impl Pattern {
    /// Reads a pattern. The error says what is not supported.
    pub fn parse(text: &str) -> Result<Self, String> {
        let inner = text.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let mut tokens = tokens(inner.ok_or("a JSON pattern is in braces")?)?;
        tokens.reverse();
        let pattern = any(&mut tokens)?;
        match tokens.pop() {
            None => Ok(pattern),
            Some(token) => Err(format!("{token:?} is unexpected")),
        }
    }

    /// Whether a line matches. A comparison with a missing member does not.
    pub fn matches(&self, line: &Value) -> bool {
        match self {
            Self::Any(patterns) => patterns.iter().any(|pattern| pattern.matches(line)),
            Self::All(patterns) => patterns.iter().all(|pattern| pattern.matches(line)),
            Self::Is { selector, equal, value } => {
                member(line, selector).is_some_and(|found| (found == value) == *equal)
            }
            Self::Greater { selector, than } => {
                member(line, selector).and_then(Value::as_f64).is_some_and(|found| found > *than)
            }
        }
    }
}

/// Returns the member of a line that a selector such as `$.record.status` names.
pub fn member<'a>(line: &'a Value, selector: &str) -> Option<&'a Value> {
    selector.strip_prefix("$.")?.split('.').try_fold(line, |value, name| value.get(name))
}

#[derive(Debug, PartialEq)]
enum Token {
    Selector(String),
    Text(String),
    Number(f64),
    Operator(&'static str),
}

const OPERATORS: [&str; 7] = ["||", "&&", "!=", "=", ">", "(", ")"];

fn tokens(mut text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    loop {
        text = text.trim_start();
        if text.is_empty() {
            return Ok(tokens);
        }
        let operator = OPERATORS.into_iter().find(|operator| text.starts_with(operator));
        let (token, rest) = if let Some(operator) = operator {
            (Token::Operator(operator), &text[operator.len()..])
        } else if let Some(rest) = text.strip_prefix('"') {
            let (inside, rest) = rest.split_once('"').ok_or("a text has no end")?;
            // A star would be a wildcard, and a backslash an escape.
            if inside.contains(['*', '\\']) {
                return Err(format!("{inside:?} contains a character with a special meaning"));
            }
            (Token::Text(inside.to_owned()), rest)
        } else {
            let end = text.find([' ', ')', '(', '=', '!', '>', '&', '|']).unwrap_or(text.len());
            let (word, rest) = text.split_at(end);
            let token = match word.parse() {
                Ok(number) => Token::Number(number),
                Err(_) if is_selector(word) => Token::Selector(word.to_owned()),
                Err(_) => return Err(format!("{text:?} is not supported")),
            };
            (token, rest)
        };
        tokens.push(token);
        text = rest;
    }
}

fn is_selector(word: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    word.strip_prefix("$.").is_some_and(|names| names.split('.').all(is_name))
}

/// `tokens` are in reverse order, so that the next one can be popped.
fn any(tokens: &mut Vec<Token>) -> Result<Pattern, String> {
    let mut patterns = vec![all(tokens)?];
    while tokens.pop_if(|token| *token == Token::Operator("||")).is_some() {
        patterns.push(all(tokens)?);
    }
    Ok(if patterns.len() == 1 { patterns.remove(0) } else { Pattern::Any(patterns) })
}

fn all(tokens: &mut Vec<Token>) -> Result<Pattern, String> {
    let mut patterns = vec![comparison(tokens)?];
    while tokens.pop_if(|token| *token == Token::Operator("&&")).is_some() {
        patterns.push(comparison(tokens)?);
    }
    Ok(if patterns.len() == 1 { patterns.remove(0) } else { Pattern::All(patterns) })
}

fn comparison(tokens: &mut Vec<Token>) -> Result<Pattern, String> {
    let selector = match tokens.pop() {
        Some(Token::Operator("(")) => {
            let inside = any(tokens)?;
            return match tokens.pop() {
                Some(Token::Operator(")")) => Ok(inside),
                other => Err(format!("a closing parenthesis is expected, not {other:?}")),
            };
        }
        Some(Token::Selector(selector)) => selector,
        other => return Err(format!("a selector is expected, not {other:?}")),
    };
    match (tokens.pop(), tokens.pop()) {
        (Some(Token::Operator(">")), Some(Token::Number(than))) => Ok(Pattern::Greater { selector, than }),
        (Some(Token::Operator(operator @ ("=" | "!="))), Some(Token::Text(value))) => {
            Ok(Pattern::Is { selector, equal: operator == "=", value: value.into() })
        }
        other => Err(format!("the comparison {selector} {other:?} is not supported")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pattern_matches_by_its_operators() {
        let pattern = r#"{ $.level = "ERROR" || ($.type = "report" && $.record.status != "success") }"#;
        let pattern = Pattern::parse(pattern).unwrap();
        let matches = |line: Value| pattern.matches(&line);
        assert!(matches(json!({ "level": "ERROR" })));
        assert!(matches(json!({ "type": "report", "record": { "status": "timeout" } })));
        assert!(!matches(json!({ "type": "report", "record": { "status": "success" } })));
        assert!(!matches(json!({ "type": "report" })), "a missing member does not match");
        assert!(!matches(json!({ "level": "WARN", "record": { "status": "timeout" } })));
        let greater = Pattern::parse("{ $.failed > 0 }").unwrap();
        assert!(greater.matches(&json!({ "failed": 1 })));
        for line in [json!({ "failed": 0 }), json!({ "failed": "1" }), json!({})] {
            assert!(!greater.matches(&line), "{line}");
        }
    }

    #[test]
    fn and_binds_closer_than_or() {
        let pattern = Pattern::parse(r#"{ $.a = "1" || $.b = "1" && $.c = "1" }"#).unwrap();
        assert!(pattern.matches(&json!({ "a": "1" })) && !pattern.matches(&json!({ "b": "1" })));
    }

    #[test]
    fn unknown_syntax_is_an_error() {
        for pattern in [
            "ERROR",
            "{ }",
            "{ $.a }",
            "{ $.a < 1 }",
            "{ $.a >= 1 }",
            "{ $.a = 1 }",
            "{ $.a IS TRUE }",
            "{ $.a NOT EXISTS }",
            r#"{ $.a = "x*" }"#,
            "{ $.a = %x% }",
            r#"{ $.a[0] = "x" }"#,
            r#"{ ($.a = "x" }"#,
            r#"{ $.a = "x" $.b = "y" }"#,
        ] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
