//! `GET …/me/sessions` and `DELETE …/me/sessions/{id}`: an account lists and ends its sessions.

use chatchat_harness::{Answer, Person};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Login, active_sessions, assert_closed, assert_open, change_newest_session, log_out, sessions};
use crate::{assert_refused, in_world};

async fn end(person: &Person, session: i64) -> Answer {
    let path = format!("{}/sessions/{session}", person.profile());
    person.call(Method::DELETE, &path, &Value::Null).await.unwrap()
}

#[test]
fn list_has_active_sessions_with_the_current_one_first() {
    in_world(|world| async move {
        let database = world.database().await;
        for person in [world.customer().await, world.company().await] {
            let old = "created_at = now() - interval '3 days', last_used_at = now() - interval '2 days'";
            change_newest_session(&database, &person, old).await;
            let mut login = Login::of(&person).await;
            let ended = Login::of(&person).await;
            log_out(&world.client, &ended.cookie).await.expect(204).unwrap();
            let expired = Login::of(&person).await;
            let expire = "created_at = now() - interval '15 days', expires_at = now()";
            change_newest_session(&database, &expired.person, expire).await;

            let listed = sessions(&person).await;
            let current: Vec<_> = listed.iter().map(|session| session["current"] == true).collect();
            assert_eq!(current, [true, false], "{listed:?}");
            assert_eq!(listed[1]["id"], login.session().await);
            assert_eq!(listed[1]["createdAt"], listed[1]["lastUsedAt"], "it was not refreshed yet");
            let times = "select to_char(t at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')
                         from sessions, unnest(array[created_at, last_used_at]) with ordinality as u (t, n) where id = $1 order by n";
            let rows = database.query(times, &[&listed[0]["id"].as_i64().unwrap()]).await.unwrap();
            let times: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            assert_eq!(json!([listed[0]["createdAt"], listed[0]["lastUsedAt"]]), json!(times));

            login.refresh().await;
            let refreshed = &sessions(&login.person).await[0];
            assert!(refreshed["lastUsedAt"].as_str() > refreshed["createdAt"].as_str(), "{refreshed}");
        }
    });
}

#[test]
fn list_has_the_100_most_recently_used_sessions() {
    in_world(|world| async move {
        let person = world.customer().await;
        let many = "insert into sessions (account_id, created_at, last_used_at, expires_at)
                    select $1, now() - interval '1 day', now() + n * interval '1 minute', now() + interval '1 day'
                    from generate_series(1, 120) n returning id";
        let ids: Vec<i64> = world
            .database()
            .await
            .query(many, &[&person.id])
            .await
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect();
        let listed = sessions(&person).await;
        assert_eq!(
            listed[0]["current"], true,
            "the current session comes first, although it was used earlier"
        );
        let found: Vec<i64> = listed[1..].iter().map(|session| session["id"].as_i64().unwrap()).collect();
        assert_eq!(found, ids.iter().rev().take(99).copied().collect::<Vec<_>>());
    });
}

#[test]
fn ended_session_loses_its_tokens_and_connections() {
    in_world(|world| async move {
        for person in [world.customer().await, world.company().await] {
            let (other, kept) = (Login::of(&person).await, Login::of(&person).await);
            let mut socket = other.person.connect().await.unwrap();
            let mut open = kept.person.connect().await.unwrap();
            assert_eq!(end(&person, other.session().await).await.status, 204);
            assert_closed(&mut socket).await;
            other.assert_ended().await;
            assert_eq!(sessions(&person).await.len(), 2);
            assert_open(&mut open).await;
            // A session can also end itself.
            let own = kept.session().await;
            assert_eq!(end(&kept.person, own).await.status, 204);
            assert_closed(&mut open).await;
            kept.assert_ended().await;
            assert_refused(&end(&kept.person, own).await, 401, "unauthenticated");
        }
    });
}

#[test]
fn session_of_another_account_is_not_ended() {
    in_world(|world| async move {
        let (person, other) = (world.customer().await, Login::of(&world.customer().await).await);
        let company = Login::of(&world.company().await).await;
        let ended = Login::of(&person).await;
        let session = ended.session().await;
        assert_eq!(end(&person, session).await.status, 204);
        let time = "select ended_at::text from sessions where id = $1";
        let database = world.database().await;
        let ended_at: String = database.query_one(time, &[&session]).await.unwrap().get(0);
        let ids = [other.session().await, company.session().await, session, 9_007_199_254_740_991];
        let mut answers = Vec::new();
        for id in ids {
            let answer = end(&person, id).await;
            answers.push((answer.status, answer.body.clone(), answer.header("set-cookie").to_owned()));
        }
        assert_eq!(answers, vec![(204, Value::Null, String::new()); 4]);
        assert!(other.is_active().await && company.is_active().await);
        let still: String = database.query_one(time, &[&session]).await.unwrap().get(0);
        assert_eq!(still, ended_at, "an ended session keeps its end time");
        assert_eq!(active_sessions(&database, &person).await, 1);
    });
}
