//! Which tests show which fault.

use std::{collections::BTreeSet, env, process::Command};

/// The faults by number, each with its tests.
const FAULTS: [(&str, &[&str]); 24] = [
    (
        "1: a client drops before its send reaches the function",
        &["faults::client::a_frame_that_was_lost_with_its_connection_is_kept_when_it_is_sent_again"],
    ),
    (
        "2: a client drops after its send, before the ack",
        &[
            "faults::client::a_message_whose_ack_was_lost_with_the_connection_is_the_same_message_when_it_is_sent_again",
        ],
    ),
    (
        "3: a client drops while it resyncs",
        &["faults::client::a_resync_that_was_cut_off_goes_on_where_it_was"],
    ),
    ("4: the same frame comes twice", &["faults::client::a_frame_that_comes_twice_is_done_once"]),
    (
        "5: pushes come in another order",
        &["faults::client::messages_that_overtake_each_other_are_put_in_order_by_their_seqs"],
    ),
    (
        "6: a push is lost while its client is connected",
        &[
            "faults::client::a_lost_push_is_noticed_at_the_next_heartbeat_or_message_and_a_lost_ack_is_asked_for_again",
        ],
    ),
    (
        "7: `$disconnect` is never delivered",
        &[
            "faults::sweep::connections_that_died_quietly_are_swept_those_past_their_time_are_closed_and_living_ones_stay",
            "faults::sweep::tickets_sessions_tokens_and_attempts_go_when_they_are_over_and_not_before",
        ],
    ),
    (
        "8: `@connections` answers 410",
        &[
            "faults::gateway::a_connection_that_is_said_to_be_gone_is_forgotten_and_its_client_finds_out",
            "faults::gateway::a_410_in_the_first_30_seconds_of_a_connection_keeps_its_row",
            "faults::fan_out::a_thousand_connections_get_one_frame_each_and_the_dead_ones_are_forgotten_in_the_same_pass",
            "faults::fan_out::what_is_found_to_be_gone_is_forgotten_though_others_hang_until_the_time_is_up",
        ],
    ),
    (
        "9: `@connections` answers 429",
        &["faults::gateway::a_push_that_is_throttled_is_tried_again_and_in_the_end_left_to_the_client"],
    ),
    (
        "10: `@connections` answers 5xx or hangs",
        &[
            "faults::gateway::a_push_that_fails_is_tried_again_and_in_the_end_left_to_the_client",
            "faults::gateway::a_push_that_hangs_delays_no_other_and_fails_no_message",
        ],
    ),
    (
        "11: half of the fan-out fails",
        &["faults::gateway::where_half_of_the_pushes_fail_the_others_arrive_and_the_rest_is_fetched"],
    ),
    (
        "12: a function is killed before the commit",
        &[
            "faults::functions::a_send_whose_function_was_killed_before_its_work_is_not_kept_until_it_is_sent_again",
        ],
    ),
    (
        "13: a function is killed after the commit, before the ack",
        &[
            "faults::functions::a_message_whose_function_was_killed_before_the_ack_is_the_same_message_when_it_is_sent_again",
        ],
    ),
    (
        "14: a function is killed during the fan-out",
        &[
            "faults::functions::a_message_whose_function_was_killed_amid_its_pushes_is_fetched_by_those_it_did_not_reach",
        ],
    ),
    (
        "15: an event is delivered twice",
        &[
            "faults::twice::a_send_or_a_marker_that_is_delivered_twice_is_done_once",
            "faults::twice::an_event_that_changes_nothing_is_answered_as_often_as_it_is_delivered",
            "faults::twice::a_connection_that_begins_and_ends_twice_is_one_connection_and_then_none",
        ],
    ),
    (
        "16: a poisonous event",
        &["faults::functions::an_event_that_is_none_fails_by_itself_and_the_same_process_serves_the_next"],
    ),
    (
        "17: the database restarts",
        &[
            "faults::database::server::nobody_notices_a_restart_of_the_database_who_does_nothing_meanwhile",
            "faults::database::server::while_the_database_is_away_sends_fail_as_unavailable_and_afterwards_all_goes_on_by_itself",
        ],
    ),
    (
        "18: the database turns read-only (25006)",
        &[
            "faults::database::server::while_the_database_is_read_only_sends_fail_as_unavailable_and_histories_can_be_read",
            "faults::database::server::a_connection_that_alone_is_read_only_is_replaced_before_the_sender_notices",
        ],
    ),
    (
        "19: a backend is terminated in mid-transaction",
        &[
            "faults::database::transactions::a_send_whose_backend_was_terminated_amid_its_statement_is_done_on_another_and_nobody_notices",
            "faults::database::transactions::a_withdrawal_whose_backend_was_terminated_is_undone_as_a_whole_and_can_be_tried_again",
        ],
    ),
    (
        "20: the database is out of connections",
        &[
            "faults::database::server::where_the_database_has_no_connection_left_sends_fail_as_unavailable_until_it_has",
        ],
    ),
    (
        "21: a deadlock or a serialization failure",
        &[
            "faults::database::transactions::a_send_that_loses_a_deadlock_is_repeated_unnoticed",
            "faults::database::transactions::a_send_that_is_undone_for_a_concurrent_change_is_done_again_and_in_the_end_unavailable",
        ],
    ),
    (
        "22: the database's password is rotated while functions are warm",
        &[
            "faults::database::password::a_rotation_of_the_databases_password_needs_no_restart",
            "faults::database::password::a_rotation_of_the_databases_password_is_seen_through_a_pooler",
            "faults::database::password::a_new_user_of_the_database_needs_no_restart",
        ],
    ),
    (
        "23: a client's clock is 5 minutes off, both ways",
        &["faults::clocks::nothing_that_a_client_says_of_the_time_counts"],
    ),
    (
        "24: object storage fails in an upload",
        &["pictures::fault_24_a_failure_of_storage_answers_503_and_leaves_nothing_behind"],
    ),
];

#[test]
fn every_fault_has_a_test_and_every_test_here_has_a_fault() {
    let listed =
        Command::new(env::current_exe().unwrap()).args(["--list", "--format", "terse"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let tests: BTreeSet<&str> = listed.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    let mut shown = BTreeSet::new();
    for (number, (fault, names)) in (1..).zip(FAULTS) {
        assert!(fault.starts_with(&format!("{number}: ")) && !names.is_empty(), "{fault}");
        for name in names {
            assert!(tests.contains(name), "{fault}: there is no test {name}");
            shown.insert(*name);
        }
    }
    let here = |name: &&&str| name.starts_with("faults::") && !name.starts_with("faults::table::");
    let others: Vec<_> = tests.iter().filter(here).filter(|name| !shown.contains(*name)).collect();
    assert!(others.is_empty(), "tests without a fault: {others:#?}");
}
