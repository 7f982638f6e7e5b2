//! Refresh cookies: only an issued token in the cookie of its role is accepted.

use chatchat_harness::{Answer, Person};
use reqwest::Method;

use super::{account_hash, end_sessions, refresh_token};
use crate::{World, in_world};

async fn refresh(person: &Person, cookies: &[String]) -> Answer {
    let mut request = person.client.request(Method::POST, &format!("/{}/token", person.kind));
    for cookie in cookies {
        request = request.header("cookie", cookie);
    }
    request.send().await.unwrap()
}

/// Returns a valid refresh token of an account, and forgeries: their names and their `Cookie`
/// headers.
async fn forgeries(world: &World, person: &mut Person) -> (String, Vec<(&'static str, Vec<String>)>) {
    let database = world.database().await;
    let ended = refresh_token(&person.log_in().await.unwrap());
    end_sessions(&database, person).await;
    let expired = refresh_token(&person.log_in().await.unwrap());
    let expire =
        "update sessions set created_at = now() - interval '15 days', expires_at = now() - interval '1 day'
                  where account_id = $1 and ended_at is null";
    database.execute(expire, &[&person.id]).await.unwrap();
    let too_old = refresh_token(&person.log_in().await.unwrap());
    let age = "update sessions set created_at = now() - interval '90 days'
               where account_id = $1 and ended_at is null and expires_at > now()";
    database.execute(age, &[&person.id]).await.unwrap();
    let good = refresh_token(&person.log_in().await.unwrap());
    let ticket = person.ticket().await.unwrap()["ticket"].as_str().unwrap().to_owned();
    let hash = "select encode(hash, 'hex'), session_id::text from refresh_tokens r join sessions s on s.id = r.session_id
                where s.account_id = $1 order by r.session_id desc limit 1";
    let row = database.query_one(hash, &[&person.id]).await.unwrap();
    let (hash, session): (String, String) = (row.get(0), row.get(1));
    let other = if person.kind == "customer" { world.company().await } else { world.customer().await };
    let of_the_other_role = refresh_token(&other.clone().log_in().await.unwrap());

    let name = format!("__Host-{}", person.kind);
    let named = |value: &str| vec![format!("{name}={value}")];
    let flipped = if good.starts_with('A') { 'B' } else { 'A' };
    let swapped = good.chars().map(|letter| {
        if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
    });
    let forgeries = vec![
        ("no cookie", vec![]),
        ("empty", named("")),
        ("a quoted value", named(&format!("\"{good}\""))),
        ("without its first character", named(&good[1..])),
        ("without its last character", named(&good[..42])),
        ("with one more character", named(&format!("{good}A"))),
        ("twice in one value", named(&format!("{good}{good}"))),
        ("padded", named(&format!("{good}="))),
        ("a space inside", named(&format!("{} {}", &good[..20], &good[20..]))),
        ("a comma and another value", named(&format!("{good},x"))),
        ("first character changed", named(&format!("{flipped}{}", &good[1..]))),
        ("with upper and lower case swapped", named(&swapped.collect::<String>())),
        ("unknown", named(&"A".repeat(43))),
        ("all zeros", named(&"0".repeat(64))),
        ("43 characters that are not ASCII", named(&"가".repeat(43))),
        ("of an ended session", named(&ended)),
        ("of an expired session", named(&expired)),
        ("of a session of 90 days ago", named(&too_old)),
        ("ended, expired and too old together", [named(&ended), named(&expired), named(&too_old)].concat()),
        ("of the other role", named(&of_the_other_role)),
        ("of the other role, in its own cookie", vec![format!("__Host-{}={of_the_other_role}", other.kind)]),
        ("in the other role's cookie", vec![format!("__Host-{}={good}", other.kind)]),
        ("an access token", named(&person.token)),
        ("a ticket", named(&ticket)),
        ("the account's id", named(&person.id.to_string())),
        ("the session's id", named(&session)),
        ("with SQL", named("' or '1'='1")),
        ("percent-encoded", named(&format!("%{:02X}{}", good.as_bytes()[0], &good[1..]))),
        ("8 KB long", named(&"A".repeat(8000))),
        ("a former name", vec![format!("__Secure-refreshToken={good}")]),
        ("another name", vec![format!("refreshToken={good}")]),
        ("the name without its prefix", vec![format!("{}={good}", person.kind)]),
        ("the name in lower case", vec![format!("{}={good}", name.to_lowercase())]),
        ("the name in upper case", vec![format!("{}={good}", name.to_uppercase())]),
        ("another prefix", vec![format!("__Secure-{}={good}", person.kind)]),
        ("a name with a prefix", vec![format!("x{name}={good}")]),
        ("a name with a suffix", vec![format!("{name}s={good}")]),
        ("a space after the name", vec![format!("{name} ={good}")]),
        ("a no-break space before the name", vec![format!("\u{a0}{name}={good}")]),
        ("a wide space before the name", vec![format!("\u{3000}{name}={good}")]),
        ("the name quoted", vec![format!("\"{name}\"={good}")]),
        ("the name in the value of another", vec![format!("x={name}={good}")]),
        ("without a name", vec![good.clone()]),
        ("after an empty name", vec![format!("={name}={good}")]),
        ("in the form of RFC 2965", vec![format!("$Version=1, {name}={good}")]),
        ("its hash", named(&hash)),
    ];
    (good, forgeries)
}

#[test]
fn forged_and_damaged_refresh_cookies_are_rejected() {
    in_world(|world| async move {
        let database = world.database().await;
        for mut person in [world.customer().await, world.company().await] {
            let (good, forgeries) = forgeries(world, &mut person).await;
            let before = account_hash(&database, &person).await;
            let path = format!("/{}/session", person.kind);
            for (name, cookies) in &forgeries {
                let answer = refresh(&person, cookies).await;
                let found = (answer.status, answer.code());
                assert_eq!(found, (400, "invalid_refresh_token"), "{name}: {}", answer.body);
                assert_eq!(answer.header("set-cookie"), "", "{name}");
            }
            assert_eq!(account_hash(&database, &person).await, before);
            let cookie = format!("__Host-{}={good}", person.kind);
            for cookies in [
                vec![format!("__Host-{}=wrong; {cookie}", person.kind)],
                vec![format!("__Host-{}=wrong", person.kind), cookie.clone()],
            ] {
                assert_eq!(
                    refresh(&person, &cookies).await.status,
                    201,
                    "an invalid cookie does not hide the valid one"
                );
            }
            // Only an issued token ends a session.
            for (name, cookies) in forgeries.iter().filter(|(name, _)| !name.starts_with("of an ended")) {
                let mut out = person.client.request(Method::DELETE, &path);
                for cookie in cookies {
                    out = out.header("cookie", cookie);
                }
                assert_eq!(out.send().await.unwrap().status, 204, "{name}");
            }
            let profile = person.get(person.profile()).await.unwrap();
            assert_eq!(profile.status, 200, "the session of the valid cookie is still active");
            println!("{} forged refresh cookies of a {}", forgeries.len(), person.kind);
        }
    });
}
