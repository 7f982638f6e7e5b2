//! The conversations of the example.

use super::{
    bakery::CAKE,
    turn::Turn::{self, Company, CompanyReads, Customer, CustomerReads, Faq},
};

/// A conversation between a customer and a company, given by their usernames.
pub(super) struct Conversation {
    pub customer: &'static str,
    pub company: &'static str,
    pub turns: &'static [Turn],
}

/// The conversations in the order of creation. Lists show them in the reverse order.
pub(super) const CONVERSATIONS: &[Conversation] = &[
    Conversation {
        customer: "hanjiwoo",
        company: "flower",
        turns: &[Faq("꽃다발은 얼마부터예요?"), Faq("오늘 받을 수 있어요?"), CustomerReads],
    },
    Conversation {
        customer: "doyoon",
        company: "flower",
        turns: &[
            Customer("안녕하세요, 부모님 결혼기념일 꽃다발을 주문하고 싶어요."),
            Customer("어머니가 분홍색을 좋아하세요."),
            CompanyReads,
            Company("안녕하세요! 축하드려요 🌸"),
            Company("분홍 장미에 리시안셔스를 섞으면 어떠세요? 중간 크기 45,000원이에요."),
            CustomerReads,
            Customer("좋아요. 토요일 오전에 찾으러 갈게요."),
            CompanyReads,
            Company("네, 토요일 오전 11시까지 준비해 둘게요. 카드에 적을 글도 보내 주세요."),
            CustomerReads,
            Customer("‘서른 번째 결혼기념일 축하드려요. 사랑합니다.’ 이렇게 부탁드려요!"),
            CompanyReads,
            Company("예쁘게 적어 드릴게요. 토요일에 봬요!"),
            CustomerReads,
        ],
    },
    Conversation { customer: "seoyeon", company: "bakery", turns: CAKE },
    Conversation {
        customer: "hanjiwoo",
        company: "bakery",
        turns: &[
            Faq("주차할 수 있나요?"),
            CustomerReads,
            Customer("혹시 주차장은 주말에도 열어요?"),
            CompanyReads,
            Company("네, 주말에도 저녁 9시까지 열어요."),
            CustomerReads,
            Customer("감사합니다 🙂"),
            CompanyReads,
        ],
    },
    Conversation {
        customer: "seoyeon",
        company: "clinic",
        turns: &[
            Faq("독감 예방접종 되나요?"),
            CustomerReads,
            Customer("안녕하세요. 여섯 살 아이도 같이 맞을 수 있을까요?"),
            CompanyReads,
            Company("네, 여섯 살이면 무료로 맞을 수 있어요."),
            Company("아이 수첩이 있으면 가져와 주세요. 열이 있는 날은 피해 주시고요."),
        ],
    },
    Conversation {
        customer: "doyoon",
        company: "bakery",
        turns: &[
            Customer("안녕하세요! 내일 아침 식빵 예약되나요? 🍞"),
            Customer("두 개요. 8시 반쯤 갈게요."),
        ],
    },
];
