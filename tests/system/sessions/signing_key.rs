//! Rotation of the key that signs access tokens, while sessions are active.

use std::time::{Duration, Instant};

use super::{Login, refresh_with};
use crate::{cookie, end_processes, in_own_world, wait_for_blocked};

#[test]
fn signing_key_rotation_needs_no_restart_and_ends_no_session() {
    in_own_world(async |world| {
        let system = &world.system;
        let mut before = Login::of(&world.customer().await).await;
        // This starts a process, which keeps the key from before the rotation.
        assert!(before.is_active().await);
        let old = before.cookie.clone();
        let (kid, _) = system.signing_key().unwrap();
        before.refresh().await;
        system.cloud.rotate_secret("TokenSecret", &"k".repeat(64)).unwrap();
        assert_ne!(system.signing_key().unwrap().0, kid);
        end_processes(system, "RefreshCustomer").await;
        end_processes(system, "LogInCustomer").await;
        let again = refresh_with(&world.client, &old).await.expect(201).unwrap();
        assert_eq!(cookie(&again), before.cookie, "the rotation does not change the successor");
        assert!(before.is_active().await, "the previous key still verifies");
        let listed = before.person.get("/customer/chatrooms").await.unwrap();
        assert_eq!(listed.status, 200, "a process that started after the rotation accepts it too");
        let after = Login::of(&before.person).await;
        let header = |login: &Login| login.person.token.split('.').next().unwrap().to_owned();
        assert_ne!(header(&after), header(&before), "a new login is signed with the new key");
        assert_eq!(after.person.get("/customer/chatrooms").await.unwrap().status, 200);
        before.refresh().await;
        // A warm process looks for an unknown key at most once a minute.
        let limit = Instant::now() + Duration::from_secs(75);
        let mut interval = tokio::time::interval(Duration::from_millis(500));
        while !after.is_active().await {
            assert!(Instant::now() < limit, "the warm process still does not accept the new key");
            interval.tick().await;
        }
        assert!(Login::of(&before.person).await.is_active().await);
    });
}

#[test]
fn processes_with_old_and_new_keys_return_the_same_successor() {
    in_own_world(async |world| {
        let (busy, login) =
            (Login::of(&world.customer().await).await, Login::of(&world.customer().await).await);
        let (mut locking, watching) = (world.database().await, world.database().await);
        let locked = locking.transaction().await.unwrap();
        let row = "select from sessions where account_id = $1 for update";
        locked.execute(row, &[&busy.person.id]).await.unwrap();
        let (waiting, new) = tokio::join!(refresh_with(&world.client, &busy.cookie), async {
            // The first process has the old keys and waits. So the second refresh starts another
            // process, which has the new keys.
            wait_for_blocked(&watching, 1).await;
            world.system.cloud.rotate_secret("TokenSecret", &"k".repeat(64)).unwrap();
            let new = refresh_with(&world.client, &login.cookie).await.expect(201).unwrap();
            assert_eq!(world.system.cloud.environments("RefreshCustomer").len(), 2);
            locked.commit().await.unwrap();
            new
        });
        assert_eq!(waiting.status, 201);
        // The first process finished its request last, so the next request goes to it. It still has
        // the old keys.
        let old = refresh_with(&world.client, &login.cookie).await.expect(201).unwrap();
        assert_eq!(cookie(&old), cookie(&new));
    });
}
