//! Searching for names in other forms of the same letters.

use chatchat_harness::{Person, new_username};

use crate::{in_world, message_body, post_message};

/// `하늘`, decomposed.
const HANEUL: &str = "\u{1112}\u{1161}\u{1102}\u{1173}\u{11af}";

#[test]
fn search_finds_other_forms_of_a_name() {
    in_world(|world| async move {
        let unique = &new_username("d")[..9];
        let company = Person::company(&world.client, &format!("{unique}ＡＢＣ㈜하늘")).await.unwrap();
        company.become_visible().await.unwrap();
        let customer = Person::customer(&world.client, "ｋＩＭ ﾊﾅ").await.unwrap();
        let room = customer.open_room(&company).await.unwrap();
        post_message(&customer, room, &message_body("안녕하세요")).await.expect(201).unwrap();

        for part in ["abc", "ABC", "ａｂｃ(주)하늘", &format!("Abc㈜{HANEUL}"), "aＢc(주)ㅎㅏ늘"]
        {
            let keyword = format!("{unique}{part}");
            let found = customer.get(&format!("/companies?keyword={keyword}")).await.unwrap();
            assert_eq!(found.body["companySummaries"][0]["id"], company.id, "{keyword}");
            let found = customer.get(&format!("/customer/chatrooms?keyword={keyword}")).await.unwrap();
            assert_eq!(found.body["chatRooms"][0]["id"], room, "{keyword}");
        }
        for keyword in ["kim", "KIM", "Ｋｉｍ", "ハナ", "ﾊﾅ"] {
            let found = company.get(&format!("/company/chatrooms?keyword={keyword}")).await.unwrap();
            assert_eq!(found.body["chatRooms"][0]["id"], room, "{keyword}");
        }
    });
}
