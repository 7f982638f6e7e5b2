//! Refreshes that run concurrently with a logout or a password change. Whatever the order, at most
//! one refresh token stays valid.

use chatchat_harness::{Answer, PASSWORD};
use futures_util::future::join_all;

use super::{Login, active_sessions, change_newest_session, change_password, log_out, refresh_with};
use crate::{World, assert_refused, cookie, in_world, rounds};

/// Refreshes with the same cookie from 50 clients at the same time, each until it is refused.
pub(super) async fn refresh_until_refused(world: &World, cookie: &str) -> Vec<Answer> {
    let refreshes = (0..50).map(|_| async {
        let mut answers = Vec::new();
        while answers.last().is_none_or(|answer: &Answer| answer.status == 201) {
            answers.push(refresh_with(&world.client, cookie).await);
        }
        answers
    });
    join_all(refreshes).await.concat()
}

#[test]
fn refreshes_against_a_logout_leave_no_session() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut refreshed = 0;
        for _ in 0..rounds() {
            let login = Login::of(&world.customer().await).await;
            let (answers, out) = tokio::join!(
                refresh_until_refused(world, &login.cookie),
                log_out(&world.client, &login.cookie)
            );
            assert_eq!(out.status, 204);
            refreshed += answers.len() - 50;
            for answer in answers.iter().filter(|answer| answer.status != 201) {
                assert_refused(answer, 400, "invalid_refresh_token");
            }
            for answer in answers.iter().filter(|answer| answer.status == 201).take(5) {
                let mut after = login.clone();
                after.take(answer);
                after.assert_ended().await;
            }
            assert_eq!(
                active_sessions(&database, &login.person).await,
                1,
                "only the session from the sign-up"
            );
        }
        println!("logout against 50 refreshes, {} rounds: {refreshed} before it", rounds());
    });
}

#[test]
fn refreshes_against_a_password_change_leave_one_valid_token() {
    in_world(|world| async move {
        let database = world.database().await;
        let mut refreshed = 0;
        for _ in 0..rounds() {
            let mut login = Login::of(&world.customer().await).await;
            let (answers, changed) = tokio::join!(
                refresh_until_refused(world, &login.cookie),
                change_password(&login.person, PASSWORD, "byeol-2027")
            );
            assert_eq!(changed.status, 204, "{}", changed.body);
            refreshed += answers.len() - 50;
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
                let late = refresh_with(&world.client, &cookie(answer)).await;
                assert_refused(&late, 400, "invalid_refresh_token");
            }
            assert_eq!(active_sessions(&database, &login.person).await, 1);
            login.cookie = cookie(&changed);
            login.refresh().await;
            assert!(login.is_active().await);
        }
        println!("password change against 50 refreshes, {} rounds: {refreshed} before it", rounds());
    });
}
