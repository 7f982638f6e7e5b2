//! The authorisation matrix: every route and every action of the template, by everybody, with every kind of id.

mod frames;
mod requests;
mod routes;
mod stage;
mod table;

use std::collections::BTreeSet;

use chatchat_template::HttpRoute;

use crate::{in_own_world, template};
use stage::Stage;
use table::{ACTIONS, B, CALLERS, COMPANY_A, Id, ROUTES, Row};

#[test]
fn every_route_and_every_action_has_a_row() {
    let template = template();
    let routes: BTreeSet<String> = template.http_routes().unwrap().iter().map(HttpRoute::key).collect();
    let actions: BTreeSet<String> =
        template.websocket_routes().unwrap().into_iter().map(|route| route.key).collect();
    for (declared, rows) in [(routes, ROUTES), (actions, ACTIONS)] {
        let rows: BTreeSet<String> = rows.iter().map(|row| row.0.to_owned()).collect();
        let without: Vec<_> = declared.difference(&rows).collect();
        assert!(without.is_empty(), "who may do these? {without:?}");
        let unknown: Vec<_> = rows.difference(&declared).collect();
        assert!(unknown.is_empty(), "infra/template.yaml has none of these: {unknown:?}");
    }
}

#[test]
fn everybody_gets_what_is_theirs_and_nothing_else_and_a_refusal_changes_nothing() {
    in_own_world(async |world| {
        let mut stage = Stage::set(world).await;
        let mut cells = 0;
        for row in ROUTES {
            for caller in 0..CALLERS.len() {
                // The throttle has tests of its own.
                stage.database.batch_execute("delete from attempts").await.unwrap();
                let mut answers = Vec::new();
                for id in row.1.ids() {
                    answers.push((*id, stage.cell(row, caller, *id).await));
                }
                same_for_foreign_and_missing(row, caller, &answers);
                cells += answers.len();
            }
        }
        stage.hear_all().await;
        for row in ACTIONS {
            for caller in 0..CALLERS.len() {
                let mut answers = Vec::new();
                for id in row.1.ids() {
                    answers.push((*id, stage.frame_cell(row, caller, *id).await));
                }
                same_for_foreign_and_missing(row, caller, &answers);
                cells += answers.len();
            }
        }
        stage.hear_all().await;
        let room = stage.person(B).open_room(stage.person(COMPANY_A)).await.unwrap();
        assert!(!stage.rooms.contains(&room), "B's room with company A is one of their own");
        println!("{cells} cells");
    });
}

/// Whoever asks cannot tell what belongs to somebody else from what does not exist.
fn same_for_foreign_and_missing(row: &Row, caller: usize, answers: &[(Id, String)]) {
    let of = |wanted: Id| answers.iter().find(|(id, _)| *id == wanted).map(|(_, answer)| answer);
    if let (Some(foreign), Some(missing)) = (of(Id::SomebodyElses), of(Id::NeverGivenOut)) {
        assert_eq!(foreign, missing, "{} by {}", row.0, CALLERS[caller]);
    }
}
