//! The authorisation matrix: every route and every action of the template, for every caller and
//! every kind of id.

mod cell_request;
mod fixture;
mod frames;
mod requests;
mod routes;
mod table;

use std::collections::BTreeSet;

use chatchat_template::HttpRoute;

use crate::{in_own_world, template};
use fixture::Fixture;
use table::{ACTIONS, CALLERS, COMPANY_A, CUSTOMER_B, Id, ROUTES, Row};

#[test]
fn every_route_and_action_has_a_row() {
    let template = template();
    let routes: BTreeSet<String> = template.http_routes().unwrap().iter().map(HttpRoute::key).collect();
    let actions: BTreeSet<String> =
        template.websocket_routes().unwrap().into_iter().map(|route| route.key).collect();
    for (declared, rows) in [(routes, ROUTES), (actions, ACTIONS)] {
        let rows: BTreeSet<String> = rows.iter().map(|row| row.0.to_owned()).collect();
        let missing: Vec<_> = declared.difference(&rows).collect();
        assert!(missing.is_empty(), "add rows to matrix/table.rs for these: {missing:?}");
        let unknown: Vec<_> = rows.difference(&declared).collect();
        assert!(unknown.is_empty(), "infra/template.yaml does not have these: {unknown:?}");
    }
}

#[test]
fn callers_reach_only_own_resources_and_refusals_change_nothing() {
    in_own_world(async |world| {
        let mut fixture = Fixture::create(world).await;
        let mut cells = 0;
        for row in ROUTES {
            for caller in 0..CALLERS.len() {
                let mut answers = Vec::new();
                for id in row.1.ids() {
                    fixture.reset_limits().await;
                    answers.push((*id, fixture.cell(row, caller, *id).await));
                }
                assert_foreign_looks_unknown(row, caller, &answers);
                cells += answers.len();
            }
        }
        fixture.drain_events().await;
        for row in ACTIONS {
            for caller in 0..CALLERS.len() {
                let mut answers = Vec::new();
                for id in row.1.ids() {
                    fixture.reset_limits().await;
                    answers.push((*id, fixture.frame_cell(row, caller, *id).await));
                }
                assert_foreign_looks_unknown(row, caller, &answers);
                cells += answers.len();
            }
        }
        fixture.drain_events().await;
        let room = fixture.person(CUSTOMER_B).open_room(fixture.person(COMPANY_A)).await.unwrap();
        assert!(!fixture.rooms.contains(&room), "customer B and company A get a new room");
        println!("{cells} cells");
    });
}

/// Asserts that a caller gets the same answer for a foreign and for an unknown id.
fn assert_foreign_looks_unknown(row: &Row, caller: usize, answers: &[(Id, String)]) {
    let of = |wanted: Id| answers.iter().find(|(id, _)| *id == wanted).map(|(_, answer)| answer);
    if let (Some(foreign), Some(unknown)) = (of(Id::Foreign), of(Id::Unknown)) {
        assert_eq!(foreign, unknown, "{} by {}", row.0, CALLERS[caller]);
    }
}
