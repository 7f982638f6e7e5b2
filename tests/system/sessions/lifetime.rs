//! When a session expires: 14 days after its last refresh, and at most 90 days after the login.

use serde_json::json;

use super::{Login, assert_open, change_newest_session, refresh_with};
use crate::{assert_refused, in_world, send_message};

/// The seconds of `Max-Age` in a `Set-Cookie` header.
fn max_age(cookie: &str) -> i64 {
    cookie.rsplit_once("Max-Age=").unwrap().1.parse().unwrap()
}

#[test]
fn refreshes_do_not_extend_a_session_past_90_days() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut login = Login::of(&world.customer().await).await;
        let old = "created_at = now() - interval '80 days', expires_at = now() + interval '1 hour'";
        change_newest_session(&database, &login.person, old).await;
        let refreshed = refresh_with(&world.client, &login.cookie).await.expect(201).unwrap();
        let ten_days = 10 * 24 * 60 * 60;
        assert!((ten_days - 60..=ten_days).contains(&max_age(refreshed.header("set-cookie"))));
        assert_eq!(refreshed.body["expiresIn"], 1800);
        login.take(&refreshed);

        let older = "created_at = now() - interval '90 days' + interval '10 minutes'";
        change_newest_session(&database, &login.person, older).await;
        let refreshed = refresh_with(&world.client, &login.cookie).await.expect(201).unwrap();
        assert!((540..=600).contains(&max_age(refreshed.header("set-cookie"))));
        let seconds = refreshed.body["expiresIn"].as_i64().unwrap();
        assert!((540..=600).contains(&seconds), "{seconds}");
        login.take(&refreshed);
        assert!(login.is_active().await);

        let over = "created_at = now() - interval '90 days', expires_at = now() + interval '14 days'";
        change_newest_session(&database, &login.person, over).await;
        assert_refused(&refresh_with(&world.client, &login.cookie).await, 400, "invalid_refresh_token");
    });
}

#[test]
fn repeated_refresh_extends_the_session() {
    in_world(|world| async move {
        let database = world.database().await;
        let login = Login::of(&world.customer().await).await;
        let first = refresh_with(&world.client, &login.cookie).await.expect(201).unwrap();
        change_newest_session(&database, &login.person, "expires_at = now() + interval '1 hour'").await;
        let again = refresh_with(&world.client, &login.cookie).await.expect(201).unwrap();
        assert_eq!(again.header("set-cookie"), first.header("set-cookie"));
        let left =
            "select extract(epoch from max(expires_at) - now())::int8 from sessions where account_id = $1";
        let left: i64 = database.query_one(left, &[&login.person.id]).await.unwrap().get(0);
        assert!(left > 1_209_540, "{left}");
    });
}

#[test]
fn expired_session_gets_no_pushes() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        let mut other = Login::of(&company).await.person.connect().await.unwrap();
        let mut socket = company.connect().await.unwrap();
        let expired = "update sessions set created_at = now() - interval '15 days', expires_at = now() - interval '1 second'
                       where id = (select min(id) from sessions where account_id = $1)";
        assert_eq!(world.database().await.execute(expired, &[&company.id]).await.unwrap(), 1);
        send_message(&customer, room, "누가 듣나요?").await.expect(201).unwrap();
        other.next_of("message").await.unwrap();
        // A push would arrive before the answer to this frame. An expired session gets an answer
        // too.
        socket.send(&json!({ "action": "heartbeat", "rooms": [] })).await.unwrap();
        let next = socket.next().await.unwrap();
        assert_eq!((&next["type"], &next["code"]), (&"error".into(), &"unauthenticated".into()), "{next}");
        assert_open(&mut other).await;
    });
}
