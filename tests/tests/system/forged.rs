//! Forged and damaged access tokens, refresh cookies and tickets: none of them opens anything or changes anything.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chatchat_tests::{Answer, Client, Person, Socket, new_username};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{World, in_world};

/// Somebody who knows the key, and what the tokens of a customer say.
struct Forger {
    kid: String,
    secret: String,
    claims: Value,
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn claims(token: &str) -> Value {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

impl Forger {
    fn new(world: &World, of: &Person) -> Self {
        let (kid, secret) = world.system.signing_key().unwrap();
        Self { kid, secret, claims: claims(&of.token) }
    }

    fn header(&self) -> Value {
        json!({ "alg": "HS256", "typ": "at+jwt", "kid": self.kid })
    }

    /// Signed with the right key, whatever is signed.
    fn sign(&self, message: &str, algorithm: Algorithm) -> String {
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        format!("{message}.{}", crypto::sign(message.as_bytes(), &key, algorithm).unwrap())
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        self.sign(&format!("{}.{}", part(header), part(claims)), Algorithm::HS256)
    }

    /// With another header field; null takes it away.
    fn with_header(&self, field: &str, value: Value) -> String {
        self.token(&changed(self.header(), field, value), &self.claims)
    }

    fn with_claim(&self, field: &str, value: Value) -> String {
        self.token(&self.header(), &changed(self.claims.clone(), field, value))
    }

    /// With another algorithm in the header, and signed so.
    fn with_algorithm(&self, name: &str, algorithm: Algorithm) -> String {
        let header = changed(self.header(), "alg", name.into());
        self.sign(&format!("{}.{}", part(&header), part(&self.claims)), algorithm)
    }

    fn unsigned(&self, alg: &str) -> String {
        format!("{}.{}.", part(&changed(self.header(), "alg", alg.into())), part(&self.claims))
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let long = "k".repeat(5000);
        let jwk = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode("0".repeat(32)) });
        vec![
            ("alg none", self.unsigned("none")),
            ("alg None", self.unsigned("None")),
            ("alg nOnE", self.unsigned("nOnE")),
            ("alg none, with the right signature", self.with_algorithm("none", Algorithm::HS256)),
            ("alg empty", self.with_header("alg", "".into())),
            ("alg missing", self.with_header("alg", Value::Null)),
            ("alg hs256", self.with_header("alg", "hs256".into())),
            ("alg a list", self.with_header("alg", json!(["HS256"]))),
            ("alg HS384", self.with_algorithm("HS384", Algorithm::HS384)),
            ("alg HS512", self.with_algorithm("HS512", Algorithm::HS512)),
            ("alg RS256, the key as a public key", self.with_algorithm("RS256", Algorithm::HS256)),
            ("alg ES256", self.with_algorithm("ES256", Algorithm::HS256)),
            ("alg EdDSA", self.with_algorithm("EdDSA", Algorithm::HS256)),
            ("alg HS256, signed with HS512", self.with_algorithm("HS256", Algorithm::HS512)),
            ("typ missing", self.with_header("typ", Value::Null)),
            ("typ JWT", self.with_header("typ", "JWT".into())),
            ("typ of a refresh token", self.with_header("typ", "rt+jwt".into())),
            ("kid missing", self.with_header("kid", Value::Null)),
            ("kid empty", self.with_header("kid", "".into())),
            ("kid unknown", self.with_header("kid", "0191e3a8-0000-7000-8000-000000000000".into())),
            ("kid a path", self.with_header("kid", "../../../../dev/null".into())),
            ("kid with SQL", self.with_header("kid", "' or '1'='1".into())),
            ("kid with NUL", self.with_header("kid", format!("{}\0", self.kid).into())),
            ("kid very long", self.with_header("kid", long.into())),
            ("kid a number", self.with_header("kid", json!(1))),
            ("jwk with a key of its own", {
                let header = changed(self.header(), "jwk", jwk);
                let message = format!("{}.{}", part(&header), part(&self.claims));
                let key = EncodingKey::from_secret("0".repeat(32).as_bytes());
                format!("{message}.{}", crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap())
            }),
            ("header no object", self.token(&json!("HS256"), &self.claims)),
        ]
    }

    fn bodies(&self) -> Vec<(&'static str, String)> {
        let now = self.claims["iat"].as_i64().unwrap();
        vec![
            ("aud missing", self.with_claim("aud", Value::Null)),
            ("aud another", self.with_claim("aud", "chatchat-admin".into())),
            ("aud empty", self.with_claim("aud", "".into())),
            ("iss missing", self.with_claim("iss", Value::Null)),
            ("iss another", self.with_claim("iss", "https://evil.example".into())),
            ("exp missing", self.with_claim("exp", Value::Null)),
            ("exp past", self.with_claim("exp", json!(now - 60))),
            ("exp zero", self.with_claim("exp", json!(0))),
            ("exp negative", self.with_claim("exp", json!(-1))),
            ("exp a text", self.with_claim("exp", json!((now + 600).to_string()))),
            ("exp with a fraction", self.with_claim("exp", json!(1e18 + 0.5))),
            ("exp past all numbers", self.with_claim("exp", json!(1e300))),
            ("iat missing", self.with_claim("iat", Value::Null)),
            ("iat in the future", self.with_claim("iat", json!(now + 3600))),
            ("iat a text", self.with_claim("iat", json!("now"))),
            ("nbf in the future", {
                let claims = changed(self.claims.clone(), "nbf", json!(now + 3600));
                self.token(&self.header(), &changed(claims, "iat", json!(now + 3600)))
            }),
            ("sub missing", self.with_claim("sub", Value::Null)),
            ("sub 0", self.with_claim("sub", "0".into())),
            ("sub letters", self.with_claim("sub", "admin".into())),
            ("sub negative", self.with_claim("sub", "-1".into())),
            ("sub a number", self.with_claim("sub", json!(1))),
            ("sub past all ids", self.with_claim("sub", "9007199254740992".into())),
            ("sid missing", self.with_claim("sid", Value::Null)),
            ("sid 0", self.with_claim("sid", json!(0))),
            ("sid negative", self.with_claim("sid", json!(-1))),
            ("sid a text", self.with_claim("sid", self.claims["sid"].to_string().into())),
            ("sid never given out", self.with_claim("sid", json!(9_007_199_254_740_991_i64))),
            ("role missing", self.with_claim("role", Value::Null)),
            ("role unknown", self.with_claim("role", "admin".into())),
            ("role in capitals", self.with_claim("role", "CUSTOMER".into())),
            ("claims no object", self.token(&self.header(), &json!([1]))),
            ("claims empty", self.token(&self.header(), &json!({}))),
            (
                "a token in a token",
                self.token(&self.header(), &json!(self.token(&self.header(), &self.claims))),
            ),
        ]
    }

    /// What becomes of a good token on a bad way.
    fn damaged(&self, good: &str) -> Vec<(&'static str, String)> {
        let [head, body, signature] = good.split('.').collect::<Vec<_>>()[..] else {
            panic!("a token has three parts")
        };
        let other_last = if signature.starts_with('A') { 'B' } else { 'A' };
        let other_key = {
            let message = format!("{head}.{body}");
            let key = EncodingKey::from_secret("another key of more than 256 bits".as_bytes());
            format!("{message}.{}", crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap())
        };
        let promoted = part(&changed(self.claims.clone(), "role", "company".into()));
        vec![
            ("signed with another key", other_key),
            ("other claims under the signature", format!("{head}.{promoted}.{signature}")),
            ("first bit of the signature flipped", format!("{head}.{body}.{other_last}{}", &signature[1..])),
            ("signature cut by one", good[..good.len() - 1].to_owned()),
            ("signature longer by one", format!("{good}A")),
            ("signature empty", format!("{head}.{body}.")),
            ("no signature", format!("{head}.{body}")),
            ("body empty", format!("{head}..{signature}")),
            ("header empty", format!(".{body}.{signature}")),
            ("dots alone", "..".to_owned()),
            ("header doubled", format!("{head}.{good}")),
            ("token doubled", format!("{good}.{good}")),
            ("four parts", format!("{good}.{signature}")),
            ("five parts, as an encrypted one", format!("{head}.{head}.{body}.{body}.{signature}")),
            ("parts swapped", format!("{body}.{head}.{signature}")),
            ("white space in the middle", format!("{head}. {body}.{signature}")),
            ("a tab in the middle", format!("{head}.\t{body}.{signature}")),
            ("base64 with padding", format!("{head}.{body}.{signature}=")),
            ("characters of plain base64", format!("{head}.{body}.+/{}", &signature[2..])),
            ("characters of no base64", format!("{head}.{body}.!*{}", &signature[2..])),
            ("percent-encoded dots", good.replace('.', "%2E")),
            (
                "JSON serialisation",
                json!({ "payload": body, "signatures": [{ "protected": head, "signature": signature }] })
                    .to_string(),
            ),
            ("30 KB long", format!("{head}.{}.{signature}", body.repeat(30_000 / body.len()))),
            ("100 KB long", "A".repeat(100_000)),
            ("twice, with a comma", format!("{good}, Bearer {good}")),
            ("null", "null".to_owned()),
            ("undefined", "undefined".to_owned()),
        ]
    }
}

fn changed(mut object: Value, field: &str, value: Value) -> Value {
    let fields = object.as_object_mut().unwrap();
    if value.is_null() {
        fields.remove(field);
    } else {
        fields.insert(field.to_owned(), value);
    }
    object
}

async fn with_authorization(client: &Client, path: &str, authorization: &str) -> Answer {
    client.request(Method::GET, path).header("authorization", authorization).send().await.unwrap()
}

/// A hash of what somebody has: their account, sessions, refresh tokens, tickets, connections.
async fn everything_of(database: &tokio_postgres::Client, person: &Person) -> String {
    let all = "select md5(concat(
                   (select a::text from accounts a where id = $1),
                   (select string_agg(s::text, ',' order by id) from sessions s where account_id = $1),
                   (select string_agg(r::text, ',' order by hash) from refresh_tokens r join sessions s on s.id = r.session_id where s.account_id = $1),
                   (select string_agg(t::text, ',' order by hash) from tickets t join sessions s on s.id = t.session_id where s.account_id = $1),
                   (select string_agg(c::text, ',' order by id) from connections c where account_id = $1)))";
    database.query_one(all, &[&person.id]).await.unwrap().get(0)
}

#[test]
fn no_forged_or_damaged_access_token_opens_anything() {
    in_world(|world| async move {
        let mut customer = world.customer().await;
        let database = world.database().await;
        let forger = Forger::new(world, &customer);
        let unchanged = forger.token(&forger.header(), &forger.claims);
        assert_eq!(
            with_authorization(&world.client, "/customers/me", &format!("Bearer {unchanged}")).await.status,
            200,
            "what the forger does not change is right"
        );
        let ended = customer.token.clone();
        let end = "update sessions set ended_at = now() where account_id = $1";
        customer.log_in().await.unwrap();
        let good = customer.token.clone();
        let mut forgeries = [forger.headers(), forger.bodies(), forger.damaged(&good)].concat();
        for (_, token) in &mut forgeries {
            *token = format!("Bearer {token}");
        }
        for (name, scheme) in [
            ("no scheme", ""),
            ("scheme Basic", "Basic "),
            ("scheme Token", "Token "),
            ("scheme JWT", "JWT "),
            ("scheme Digest", "Digest "),
            ("no space", "Bearer"),
            ("a colon", "Bearer: "),
        ] {
            forgeries.push((name, format!("{scheme}{good}")));
        }
        forgeries.push(("nothing after the scheme", "Bearer ".to_owned()));
        let before = everything_of(&database, &customer).await;
        for (name, authorization) in &forgeries {
            for path in ["/customers/me", "/companies"] {
                let answer = with_authorization(&world.client, path, authorization).await;
                assert_eq!(
                    (answer.status, answer.code()),
                    (401, "unauthenticated"),
                    "{name} {path}: {}",
                    answer.body
                );
            }
        }
        assert_eq!(everything_of(&database, &customer).await, before);
        database.execute(end, &[&customer.id]).await.unwrap();
        for (name, token) in
            [("sid of an ended session", &ended), ("of a session that ended just now", &good)]
        {
            let answer = with_authorization(&world.client, "/customers/me", &format!("Bearer {token}")).await;
            assert_eq!((answer.status, answer.code()), (401, "unauthenticated"), "{name}");
        }
        println!("{} forged access tokens", forgeries.len() + 2);
    });
}

/// Only the product's own key could make such a token. The session says who calls; the claims beside it open nothing more.
#[test]
fn a_token_signed_with_our_key_about_two_accounts_gives_nothing_of_the_second() {
    in_world(|world| async move {
        let (customer, company, _) = world.pair().await;
        let victim = Person::customer(&world.client, "피해자").await.unwrap();
        let database = world.database().await;
        let forger = Forger::new(world, &customer);
        let before = everything_of(&database, &victim).await;
        let token = forger.with_claim("sub", victim.id.to_string().into());
        let answer = with_authorization(&world.client, "/customers/me", &format!("Bearer {token}")).await;
        assert!(!answer.body.to_string().contains(&victim.username), "sub is not who calls: {}", answer.body);
        assert!(answer.status == 401 || answer.body["id"] == customer.id, "{}", answer.body);
        let token = forger.with_claim("role", "company".into());
        for path in ["/companies/me", "/company/chatrooms", "/company/auto-replies"] {
            let answer = with_authorization(
                &Client::new(&world.client.url).unwrap(),
                path,
                &format!("Bearer {token}"),
            )
            .await;
            let text = answer.body.to_string();
            assert!(!text.contains(&company.username) && !text.contains("새벽빵집"), "{path}: {text}");
            assert!([200, 401].contains(&answer.status), "an empty list at the most: {path}: {text}");
        }
        let answer = with_authorization(&world.client, "/customers/me", &format!("Bearer {token}")).await;
        assert!([401, 403].contains(&answer.status), "{}", answer.body);
        assert_eq!(everything_of(&database, &victim).await, before);
    });
}

/// RFC 7515, section 4.1.11: whoever does not understand a critical extension has to refuse.
#[test]
fn a_token_with_a_critical_extension_is_refused() {
    in_world(|world| async move {
        let customer = world.customer().await;
        let forger = Forger::new(world, &customer);
        let header = changed(forger.header(), "crit", json!(["b64"]));
        let token = forger.token(&changed(header, "b64", json!(true)), &forger.claims);
        let answer = with_authorization(&world.client, "/customers/me", &format!("Bearer {token}")).await;
        assert_eq!((answer.status, answer.code()), (401, "unauthenticated"));
    });
}

const COOKIE: &str = "__Secure-refreshToken";

/// The refresh token that an answer sets.
fn refresh_token(answer: &Answer) -> String {
    let set = answer.header("set-cookie");
    let value = set.strip_prefix(COOKIE).and_then(|rest| rest.strip_prefix('=')).unwrap();
    value.split(';').next().unwrap().to_owned()
}

async fn refresh(client: &Client, cookies: &[String]) -> Answer {
    let mut request = client.request(Method::POST, "/token");
    for cookie in cookies {
        request = request.header("cookie", cookie);
    }
    request.send().await.unwrap()
}

#[test]
fn no_forged_or_damaged_refresh_cookie_is_traded() {
    in_world(|world| async move {
        let mut customer = world.customer().await;
        let database = world.database().await;
        let ended = refresh_token(&customer.log_in().await.unwrap());
        database
            .execute("update sessions set ended_at = now() where account_id = $1", &[&customer.id])
            .await
            .unwrap();
        let expired = refresh_token(&customer.log_in().await.unwrap());
        let expire = "update sessions set created_at = now() - interval '15 days', expires_at = now() - interval '1 day'
                      where account_id = $1 and ended_at is null";
        database.execute(expire, &[&customer.id]).await.unwrap();
        let good = refresh_token(&customer.log_in().await.unwrap());
        let ticket = customer.ticket().await.unwrap()["ticket"].as_str().unwrap().to_owned();
        let named = |value: &str| vec![format!("{COOKIE}={value}")];
        let flipped = if good.starts_with('A') { 'B' } else { 'A' };
        let forgeries: Vec<(&str, Vec<String>)> = vec![
            ("no cookie", vec![]),
            ("empty", named("")),
            ("a quoted value", named(&format!("\"{good}\""))),
            ("cut by one", named(&good[1..])),
            ("longer by one", named(&format!("{good}A"))),
            ("padded", named(&format!("{good}="))),
            ("first character changed", named(&format!("{flipped}{}", &good[1..]))),
            ("never given out", named(&"A".repeat(43))),
            ("all zeros", named(&"0".repeat(64))),
            ("of an ended session", named(&ended)),
            ("of an expired session", named(&expired)),
            ("an access token", named(&customer.token)),
            ("a ticket", named(&ticket)),
            ("the account's id", named(&customer.id.to_string())),
            ("with SQL", named("' or '1'='1")),
            ("percent-encoded", named(&format!("%41{good}"))),
            ("8 KB long", named(&"A".repeat(8000))),
            ("another name", vec![format!("refreshToken={good}")]),
            ("the name in lower case", vec![format!("{}={good}", COOKIE.to_lowercase())]),
            ("another prefix", vec![format!("__Host-refreshToken={good}")]),
            ("a name that only ends so", vec![format!("x{COOKIE}={good}")]),
            ("without a name", vec![good.clone()]),
            ("doubled, a wrong one first", vec![format!("{COOKIE}=wrong; {COOKIE}={good}")]),
            (
                "in two headers, a wrong one first",
                vec![format!("{COOKIE}=wrong"), format!("{COOKIE}={good}")],
            ),
            ("its hash", {
                let hash =
                    "select encode(hash, 'hex') from refresh_tokens r join sessions s on s.id = r.session_id
                            where s.account_id = $1 order by r.session_id desc limit 1";
                named(&database.query_one(hash, &[&customer.id]).await.unwrap().get::<_, String>(0))
            }),
        ];
        let before = everything_of(&database, &customer).await;
        for (name, cookies) in &forgeries {
            let answer = refresh(&world.client, cookies).await;
            assert_eq!(
                (answer.status, answer.code()),
                (400, "invalid_refresh_token"),
                "{name}: {}",
                answer.body
            );
            assert_eq!(answer.header("set-cookie"), "", "{name}");
        }
        assert_eq!(everything_of(&database, &customer).await, before);
        assert_eq!(refresh(&world.client, &named(&good)).await.status, 201, "the good one was not spent");
        println!("{} forged refresh cookies, and replays in the tests of sessions", forgeries.len());
    });
}

#[test]
fn no_forged_or_damaged_ticket_opens_a_connection() {
    in_world(|world| async move {
        let mut customer = world.customer().await;
        let database = world.database().await;
        let ticket = |answer: Value| answer["ticket"].as_str().unwrap().to_owned();
        let of_customer = "session_id in (select id from sessions where account_id = $1)";
        let ended = ticket(customer.ticket().await.unwrap());
        database
            .execute("update sessions set ended_at = now() where account_id = $1", &[&customer.id])
            .await
            .unwrap();
        let refresh_token = refresh_token(&customer.log_in().await.unwrap());
        let expired = ticket(customer.ticket().await.unwrap());
        let expire = format!("update tickets set expires_at = now() where {of_customer}");
        database.execute(&expire, &[&customer.id]).await.unwrap();
        let answer = customer.ticket().await.unwrap();
        let address = answer["url"].as_str().unwrap().split('?').next().unwrap().to_owned();
        let used = ticket(answer);
        let open = |ticket: &str| {
            let url = format!("{address}?ticket={ticket}");
            async move { Socket::handshake(&url, &[]).await }
        };
        let socket = open(&used).await.unwrap();
        let good = ticket(customer.ticket().await.unwrap());
        let forgeries = [
            ("none", String::new()),
            ("used", used),
            ("expired", expired),
            ("of an ended session", ended),
            ("cut by one", good[1..].to_owned()),
            ("cut by one at its end", good[..good.len() - 1].to_owned()),
            ("longer by one", format!("{good}A")),
            ("padded", format!("{good}%3D")),
            ("in small letters", good.to_lowercase()),
            ("never given out", "A".repeat(43)),
            ("a refresh token", refresh_token),
            ("an access token", customer.token.clone()),
            ("very long", "A".repeat(3900)),
            ("NUL", "%00".to_owned()),
            ("the good one and NUL", format!("{good}%00")),
            ("the good one and a line break", format!("{good}%0d%0a")),
            ("a space before", format!("%20{good}")),
            ("bytes that are no UTF-8", "%ff%fe".to_owned()),
            ("with SQL", "'%20or%20'1'='1".to_owned()),
            ("a username", new_username("ticket")),
        ];
        let tickets = || async {
            let count = format!("select count(*) from tickets where {of_customer} and expires_at > now()");
            database.query_one(&count, &[&customer.id]).await.unwrap().get::<_, i64>(0)
        };
        assert_eq!(tickets().await, 1);
        for (name, forged) in &forgeries {
            assert_eq!(open(forged).await.err(), Some(401), "{name}");
        }
        assert_eq!(tickets().await, 1, "the good ticket is not spent");
        let mut other = open(&good).await.unwrap();
        other.send(&json!({ "action": "heartbeat", "rooms": [] })).await.unwrap();
        assert_eq!(other.next().await.unwrap()["type"], "heartbeat");
        drop(socket);
        println!("{} forged tickets", forgeries.len());
    });
}
