//! The key that signs access tokens, while sessions live on.

use std::time::{Duration, Instant};

use super::{Login, in_turn::callers_wait, trade};
use crate::{cookie, end_processes, in_own_world};

#[test]
fn a_rotation_of_the_signing_key_needs_no_restart_and_throws_nobody_out() {
    in_own_world(async |world| {
        let system = &world.system;
        let mut before = Login::of(&world.customer().await).await;
        assert!(before.lives().await, "a process is warm, with the key from before");
        let old = before.cookie.clone();
        let (kid, _) = system.signing_key().unwrap();
        before.refresh().await;
        system.cloud.rotate_secret("TokenSecret", &"k".repeat(64)).unwrap();
        assert_ne!(system.signing_key().unwrap().0, kid);
        end_processes(system, "RefreshCustomer").await;
        end_processes(system, "LogInCustomer").await;
        let again = trade(&world.client, &old).await.expect(201).unwrap();
        assert_eq!(cookie(&again), before.cookie, "the same successor on both sides of the rotation");
        assert!(before.lives().await, "the previous key still verifies");
        let listed = before.person.get("/customer/chatrooms").await.unwrap();
        assert_eq!(listed.status, 200, "also in a process that began after the rotation");
        let after = Login::of(&before.person).await;
        let header = |login: &Login| login.person.token.split('.').next().unwrap().to_owned();
        assert_ne!(header(&after), header(&before), "another key");
        assert_eq!(after.person.get("/customer/chatrooms").await.unwrap().status, 200);
        before.refresh().await;
        // A process that is warm looks for an unknown key at most once a minute.
        let limit = Instant::now() + Duration::from_secs(75);
        let mut every = tokio::time::interval(Duration::from_millis(500));
        while !after.lives().await {
            assert!(Instant::now() < limit, "a warm process never learned of the new key");
            every.tick().await;
        }
        assert!(Login::of(&before.person).await.lives().await);
    });
}

#[test]
fn a_process_with_old_keys_finds_the_successor_that_one_with_new_keys_gave() {
    in_own_world(async |world| {
        let (busy, login) =
            (Login::of(&world.customer().await).await, Login::of(&world.customer().await).await);
        let (mut locking, watching) = (world.database().await, world.database().await);
        let locked = locking.transaction().await.unwrap();
        let row = "select from sessions where account_id = $1 for update";
        locked.execute(row, &[&busy.person.id]).await.unwrap();
        let (held, new) = tokio::join!(trade(&world.client, &busy.cookie), async {
            // The first process has the old keys, and waits; so the second trade starts another, with the new ones.
            callers_wait(&watching, 1).await;
            world.system.cloud.rotate_secret("TokenSecret", &"k".repeat(64)).unwrap();
            let new = trade(&world.client, &login.cookie).await.expect(201).unwrap();
            assert_eq!(world.system.cloud.environments("RefreshCustomer").len(), 2);
            locked.commit().await.unwrap();
            new
        });
        assert_eq!(held.status, 201);
        // The process that was used last is used first.
        let old = trade(&world.client, &login.cookie).await.expect(201).unwrap();
        assert_eq!(cookie(&old), cookie(&new));
    });
}
