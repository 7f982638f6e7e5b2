//! The migration `V0007__room_lists.sql`, with rows that existed before it and with the code of the
//! release before it. `V0011__search_names.sql` changes the names by which these rows are found.

use std::fs;

use chatchat_harness::{Person, root};
use serde_json::{Value, json};

use super::{ids, list, send};
use crate::{block_on, client_of, database, in_world, postgres, start_system};

/// The statements with which the code before the migration updates a room: for a message of the
/// customer, for one of the company, and for an FAQ question with its answer.
const SENDS: [&str; 3] = [
    "update rooms set last_seq = last_seq + 1, last_message = 'a', last_message_at = clock_timestamp(),
         customer_sent = customer_sent + 1, company_sent = company_sent + 0 where id = $1",
    "update rooms set last_seq = last_seq + 1, last_message = 'b', last_message_at = clock_timestamp(),
         customer_sent = customer_sent + 0, company_sent = company_sent + 1 where id = $1",
    "update rooms set last_seq = last_seq + 2, last_message = 'c', last_message_at = clock_timestamp() where id = $1",
];

#[test]
fn code_before_the_migration_keeps_the_lists_correct() {
    in_world(|world| async move {
        let (customer, company, room) = world.pair().await;
        send(&company, room).await;
        let database = world.database().await;
        for (act, sender, unanswered) in [
            (0, &customer, true),
            (2, &company, true),
            (1, &company, false),
            (2, &company, false),
            (0, &customer, true),
        ] {
            assert_eq!(database.execute(SENDS[act], &[&room]).await.unwrap(), 1);
            let listed = customer.listed_room(room).await.unwrap();
            assert_eq!(listed["lastMessageSenderId"], sender.id, "{act}");
            let found = ids(&list(&company, "filter=unanswered").await);
            assert_eq!(found, if unanswered { vec![room] } else { vec![] }, "{act}");
        }
        assert_eq!(list(&company, "").await["unreadTotal"], 2);
        assert_eq!(list(&customer, "").await["unreadTotal"], 2);
        let counted = "update companies set room_count = room_count + 1 where account_id = $1";
        assert_eq!(
            database.execute(counted, &[&company.id]).await.unwrap(),
            1,
            "the column `room_count` still exists"
        );
    });
}

/// Only the code before the migration needs the trigger. The next release drops it.
#[test]
fn sends_and_faq_answers_keep_lists_correct_without_the_trigger() {
    block_on(|| async {
        let system = start_system().await;
        let database = database(&system).await;
        database.batch_execute("drop trigger rooms_note_newest_message on rooms").await.unwrap();
        let client = client_of(&system);
        let customer = Person::customer(&client, "김하늘").await.unwrap();
        let company = Person::company(&client, "새벽빵집").await.unwrap();
        company.become_visible().await.unwrap();
        let entry = json!({ "question": "언제 여나요?", "answer": "아침 7시입니다." });
        let entry = company.post("/company/auto-replies", &entry).await.unwrap().body["id"].clone();
        let room = customer.open_room(&company).await.unwrap();
        let ask = async || {
            let path = format!("/auto-replies/{entry}");
            customer.post(&path, &json!({ "chatRoomId": room })).await.unwrap().expect(201).unwrap();
        };
        let assert_list = async |sender: &Person, unanswered: bool| {
            let listed = customer.listed_room(room).await.unwrap();
            let found = ids(&list(&customer, "filter=unanswered").await);
            assert_eq!(
                (&listed["lastMessageSenderId"], found.len()),
                (&json!(sender.id), usize::from(unanswered))
            );
        };
        assert_list(&company, false).await;
        send(&customer, room).await;
        assert_list(&customer, true).await;
        ask().await;
        assert_list(&company, true).await;
        send(&company, room).await;
        assert_list(&company, false).await;
        send(&customer, room).await;
        assert_list(&customer, true).await;
        system.stop().await;
    });
}

/// Rooms as they were before the migration: one without a message of a person, three whose newest
/// message is from the customer, the company and the FAQ, and one whose company has withdrawn.
const ROWS: &str = "
    insert into accounts (kind, username, password_hash, name)
    select kind, kind || n, '$argon2id$', 'Ｃ' || substr(kind, 2) || ' ' || n from generate_series(1, 5) n, unnest(array['customer', 'company']) kind;
    insert into companies (account_id) select id from accounts where kind = 'company';
    update accounts set withdrawn_at = now() where username = 'company5';
    insert into rooms (customer_id, company_id, last_seq, last_message, last_message_at, customer_sent, company_sent, company_read_count)
    select customer.id, company.id, sent.last_seq, 'x', now(), sent.by_customer, sent.by_company, 0
    from (values (1, 1, 0, 0), (2, 3, 1, 1), (3, 3, 1, 1), (4, 4, 1, 0), (5, 2, 0, 1)) sent (n, last_seq, by_customer, by_company)
    join accounts customer on customer.username = 'customer' || n join accounts company on company.username = 'company' || n;
    insert into messages (room_id, seq, sender, type, content, client_message_id, created_at, customer_sent, company_sent)
    select r.id, m.seq, m.sender, m.type, 'x', gen_random_uuid(), now(), 0, 0
    from (values (1, 1, 'company', 'auto'),
                 (2, 1, 'company', 'auto'), (2, 2, 'company', 'general'), (2, 3, 'customer', 'general'),
                 (3, 1, 'company', 'auto'), (3, 2, 'customer', 'general'), (3, 3, 'company', 'general'),
                 (4, 1, 'company', 'auto'), (4, 2, 'customer', 'general'), (4, 3, 'customer', 'auto'), (4, 4, 'company', 'auto'),
                 (5, 1, 'company', 'auto'), (5, 2, 'company', 'general')) m (n, seq, sender, type)
    join accounts a on a.username = 'customer' || m.n join rooms r on r.customer_id = a.id";

#[test]
fn migration_fills_the_new_columns_of_existing_rooms() {
    in_world(|_| async move {
        let name = format!("chatchat_{}", uuid::Uuid::new_v4().simple());
        let database = postgres().await.create_database(&name).await.unwrap();
        let (client, connection) =
            tokio_postgres::connect(&database.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let mut files: Vec<_> =
            fs::read_dir(root().join("migrations")).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        for file in files {
            if file.ends_with("V0007__room_lists.sql") {
                client.batch_execute(ROWS).await.unwrap();
            }
            let sql = fs::read_to_string(&file).unwrap();
            client.batch_execute(&format!("begin; {sql}; commit")).await.unwrap();
        }
        let rows = "select jsonb_build_object(
                        'customer', r.customer_name || r.customer_search_name, 'company', r.company_name || r.company_search_name,
                        'byCustomer', r.last_message_by_customer, 'unanswered', r.unanswered,
                        'unread', jsonb_build_array(r.customer_unread, r.company_unread, r.customer_has_unread, r.company_has_unread)
                    )::text from rooms r order by id";
        let rows = client.query(rows, &[]).await.unwrap();
        let found: Vec<Value> = rows.iter().map(|row| serde_json::from_str(row.get(0)).unwrap()).collect();
        let row = |n: i64, by_customer: bool, unanswered: bool, unread: Value| {
            let company = (n != 5).then(|| format!("Ｃompany {n}company {n}"));
            json!({
                "customer": format!("Ｃustomer {n}customer {n}"), "company": company,
                "byCustomer": by_customer, "unanswered": unanswered, "unread": unread,
            })
        };
        assert_eq!(
            found,
            [
                row(1, false, false, json!([0, 0, false, null])),
                row(2, true, true, json!([1, 1, true, true])),
                row(3, false, false, json!([1, 1, true, true])),
                row(4, false, true, json!([0, 1, false, true])),
                row(5, false, false, json!([1, 0, true, false])),
            ]
        );
    });
}
