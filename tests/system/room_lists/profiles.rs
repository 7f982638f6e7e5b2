//! The copies of names and pictures that rooms hold.

use chatchat_harness::new_username;
use futures_util::future::join_all;
use serde_json::json;

use super::{list, rename};
use crate::{World, in_world, rounds, withdraw};

/// Returns the number of an account's rooms whose copies differ from the two profiles. The copies
/// of a withdrawn account are empty.
async fn differing(world: &World, account: i64) -> i64 {
    let copy =
        |side: &str| format!("concat_ws('/', r.{side}_name, r.{side}_search_name, r.{side}_picture_key)");
    let profile = |side: &str| {
        format!(
            "(select case when a.withdrawn_at is null then concat_ws('/', a.name, a.search_name, a.picture_key) else '' end
              from accounts a where a.id = r.{side}_id)"
        )
    };
    let differing = format!(
        "select count(*) from rooms r where $1 in (r.customer_id, r.company_id) and ({} <> {} or {} <> {})",
        copy("customer"),
        profile("customer"),
        copy("company"),
        profile("company"),
    );
    world.database().await.query_one(&differing, &[&account]).await.unwrap().get(0)
}

#[test]
fn rooms_opened_during_renames_have_the_last_names() {
    in_world(|world| async move {
        for round in 0..rounds() {
            let company = world.company().await;
            let customers = join_all((0..16).map(|_| world.customer())).await;
            let names: Vec<String> = (0..6).map(|number| format!("{} {number}", new_username("n"))).collect();
            let opening = join_all(customers.iter().map(async |customer| {
                let opened = customer.open_room(&company);
                let renamed = rename(customer, &names[round % 6]);
                tokio::join!(opened, renamed).0.unwrap()
            }));
            let renaming = async {
                for name in &names {
                    rename(&company, name).await;
                }
            };
            tokio::join!(opening, renaming);
            for customer in &customers {
                let page = list(customer, "").await;
                assert_eq!(page["chatRooms"][0]["receiverName"], names[5].as_str());
            }
            assert_eq!(differing(world, company.id).await, 0);
        }
    });
}

#[test]
fn rooms_opened_during_a_withdrawal_keep_no_name() {
    in_world(|world| async move {
        for _ in 0..rounds() {
            let company = world.company().await;
            let customers = join_all((0..16).map(|_| world.customer())).await;
            let body = json!({ "companyId": company.id });
            let opening =
                join_all(customers.iter().map(|customer| customer.post("/customer/chatrooms", &body)));
            let (_, withdrawn) = tokio::join!(opening, withdraw(&company));
            assert_eq!(withdrawn.status, 204);
            assert_eq!(differing(world, company.id).await, 0);
            for customer in &customers {
                for room in list(customer, "").await["chatRooms"].as_array().unwrap() {
                    assert_eq!(room["receiverDeleted"], true);
                }
            }
        }
    });
}
