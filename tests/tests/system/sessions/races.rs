//! Refreshing while the session ends or the password changes: every order leaves one valid token, or none.

use chatchat_tests::{Answer, PASSWORD};
use futures_util::future::join_all;

use super::{Login, change_newest_session, change_password, living_sessions, log_out, trade};
use crate::{World, assert_refused, cookie, in_world, rounds};

/// Presents the same cookie from fifty clients at once, from each until it is refused.
pub(super) async fn refresh_until_refused(world: &World, cookie: &str) -> Vec<Answer> {
    let refreshes = (0..50).map(|_| async {
        let mut answers = Vec::new();
        while answers.last().is_none_or(|answer: &Answer| answer.status == 201) {
            answers.push(trade(&world.client, cookie).await);
        }
        answers
    });
    join_all(refreshes).await.concat()
}

#[test]
fn refreshing_against_a_logout_leaves_no_session() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut renewed = 0;
        for _ in 0..rounds() {
            let login = Login::of(&world.customer().await).await;
            let (answers, out) = tokio::join!(
                refresh_until_refused(world, &login.cookie),
                log_out(&world.client, &login.cookie)
            );
            assert_eq!(out.status, 204);
            renewed += answers.len() - 50;
            for answer in answers.iter().filter(|answer| answer.status != 201) {
                assert_refused(answer, 400, "invalid_refresh_token");
            }
            for answer in answers.iter().filter(|answer| answer.status == 201).take(5) {
                let mut after = login.clone();
                after.take(answer);
                after.assert_over().await;
            }
            assert_eq!(living_sessions(&database, &login.person).await, 1, "that of signing up");
        }
        println!("logout against 50 refreshes, {} rounds: {renewed} were in time", rounds());
    });
}

#[test]
fn refreshing_against_a_password_change_leaves_one_valid_token() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut renewed = 0;
        for _ in 0..rounds() {
            let mut login = Login::of(&world.customer().await).await;
            let (answers, changed) = tokio::join!(
                refresh_until_refused(world, &login.cookie),
                change_password(&login.person, PASSWORD, "byeol-2027")
            );
            assert_eq!(changed.status, 204, "{}", changed.body);
            renewed += answers.len() - 50;
            for answer in answers.iter().filter(|answer| answer.status != 201) {
                assert_refused(answer, 503, "unavailable");
            }
            change_newest_session(
                &database,
                &login.person,
                "rotated_at = rotated_at - interval '10 seconds'",
            )
            .await;
            for answer in answers.iter().filter(|answer| answer.status == 201).take(5) {
                let late = trade(&world.client, &cookie(answer)).await;
                assert_refused(&late, 400, "invalid_refresh_token");
            }
            assert_eq!(living_sessions(&database, &login.person).await, 1);
            login.cookie = cookie(&changed);
            login.refresh().await;
            assert!(login.lives().await);
        }
        println!("a changed password against 50 refreshes, {} rounds: {renewed} were in time", rounds());
    });
}
