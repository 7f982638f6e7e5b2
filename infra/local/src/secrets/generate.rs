//! Random values by the rules of CloudFormation's `GenerateSecretString`.

use serde_json::Value;

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// Generates a value. `rules` is the property `GenerateSecretString`.
pub(super) fn generate(rules: &Value) -> Result<String, String> {
    let password = password(rules)?;
    match (rules["SecretStringTemplate"].as_str(), rules["GenerateStringKey"].as_str()) {
        (Some(template), Some(key)) => {
            let mut object: Value = serde_json::from_str(template)
                .map_err(|error| format!("SecretStringTemplate is not JSON: {error}"))?;
            let entries = object.as_object_mut().ok_or("SecretStringTemplate is not a JSON object")?;
            entries.insert(key.to_owned(), password.into());
            Ok(object.to_string())
        }
        (None, None) => Ok(password),
        _ => Err("SecretStringTemplate and GenerateStringKey must be set together".to_owned()),
    }
}

fn password(rules: &Value) -> Result<String, String> {
    let set = |name: &str| matches!(&rules[name], Value::Bool(true)) || rules[name] == "true";
    let length = match &rules["PasswordLength"] {
        Value::Null => 32,
        value => crate::number(value).ok_or("PasswordLength is not a number")?,
    };
    let excluded = rules["ExcludeCharacters"].as_str().unwrap_or_default();
    let classes = [
        (LOWER, !set("ExcludeLowercase")),
        (UPPER, !set("ExcludeUppercase")),
        (DIGITS, !set("ExcludeNumbers")),
        (PUNCTUATION, !set("ExcludePunctuation")),
        (" ", set("IncludeSpace")),
    ];
    let allowed =
        |class: &str| class.chars().filter(|letter| !excluded.contains(*letter)).collect::<Vec<char>>();
    let classes: Vec<Vec<char>> =
        classes.iter().filter(|(_, included)| *included).map(|(class, _)| allowed(class)).collect();
    let letters: Vec<char> = classes.concat();
    let each = rules["RequireEachIncludedType"] != Value::Bool(false);
    if letters.is_empty() || each && (classes.len() > length || classes.iter().any(Vec::is_empty)) {
        return Err("no value can satisfy these rules".to_owned());
    }
    loop {
        let password = (0..length).map(|_| pick(&letters)).collect::<Result<Vec<char>, String>>()?;
        if !each || classes.iter().all(|class| class.iter().any(|letter| password.contains(letter))) {
            return Ok(password.into_iter().collect());
        }
    }
}

/// Picks a letter. All letters have the same probability.
fn pick(letters: &[char]) -> Result<char, String> {
    let number = getrandom::u32().map_err(|error| format!("no random numbers: {error}"))?;
    // There are at most 100 letters, so the remainder's bias is below one in ten million.
    Ok(letters[number as usize % letters.len()])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn value_has_the_required_length_and_letters() {
        let value =
            generate(&json!({ "PasswordLength": 40, "ExcludePunctuation": true, "ExcludeCharacters": "0O" }))
                .unwrap();
        assert_eq!(value.len(), 40);
        assert!(value.chars().all(|letter| letter.is_ascii_alphanumeric() && !"0O".contains(letter)));
        assert!(value.contains(|letter: char| letter.is_ascii_digit()));
    }

    #[test]
    fn value_is_inserted_into_the_template() {
        let rules = json!({ "SecretStringTemplate": r#"{"kid":"1"}"#, "GenerateStringKey": "key" });
        let value: Value = serde_json::from_str(&generate(&rules).unwrap()).unwrap();
        assert_eq!(value["kid"], "1");
        assert_eq!(value["key"].as_str().unwrap().len(), 32);
    }

    #[test]
    fn unsatisfiable_rules_are_an_error() {
        let no_letters = json!({ "ExcludeLowercase": true, "ExcludeUppercase": true, "ExcludeNumbers": true, "ExcludePunctuation": true });
        assert!(generate(&no_letters).is_err());
        assert!(generate(&json!({ "PasswordLength": 2 })).is_err());
    }
}
