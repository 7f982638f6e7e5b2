//! The accounts of the example.

/// A company. Its FAQ is a list of pairs of question and answer.
pub(super) struct Company {
    pub username: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    /// The name of a file in `web/drawings`, without the extension.
    pub picture: &'static str,
    pub faq: &'static [(&'static str, &'static str)],
}

/// A customer. The picture is optional.
pub(super) struct Customer {
    pub username: &'static str,
    pub name: &'static str,
    pub picture: Option<&'static str>,
}

pub(super) const CUSTOMERS: [Customer; 3] = [
    Customer { username: "seoyeon", name: "이서연", picture: Some("cat") },
    Customer { username: "doyoon", name: "김도윤", picture: None },
    Customer { username: "hanjiwoo", name: "한지우", picture: Some("mountains") },
];

/// The companies in the order of their sign-ups. The directory lists them in the reverse order.
pub(super) const COMPANIES: [Company; 3] = [
    Company {
        username: "flower",
        name: "봄날 꽃집",
        description: "그날 들어온 꽃으로 꽃다발과 꽃바구니를 만들어요. 서울 안에서는 당일 배송도 해 드려요.",
        picture: "flower",
        faq: &[
            (
                "꽃다발은 얼마부터예요?",
                "작은 꽃다발은 25,000원, 중간 크기는 45,000원부터예요. 예산을 알려 주시면 거기에 맞춰 만들어 드려요.",
            ),
            (
                "오늘 받을 수 있어요?",
                "오후 3시 전에 주문하시면 서울 안에서는 오늘 받으실 수 있어요. 배송비는 거리에 따라 8,000원부터예요.",
            ),
            (
                "원하는 색으로 만들 수 있어요?",
                "네, 좋아하는 색이나 빼고 싶은 꽃을 알려 주세요. 그날 들어온 꽃 중에서 골라 드려요.",
            ),
            (
                "카드도 써 주시나요?",
                "네, 짧은 글을 손으로 적어 드려요. 주문하실 때 문구를 같이 보내 주세요. 따로 돈을 받지는 않아요.",
            ),
            (
                "꽃을 오래 보려면 어떻게 해요?",
                "하루에 한 번 물을 갈고, 줄기 끝을 비스듬히 조금 잘라 주세요. 햇빛이 바로 들지 않는 시원한 곳에 두면 더 오래가요.",
            ),
        ],
    },
    Company {
        username: "clinic",
        name: "늘봄의원",
        description: "감기부터 예방접종, 건강검진까지 온 가족이 다니는 동네 의원이에요. 내과와 소아청소년과를 봐요.",
        picture: "clinic",
        faq: &[
            (
                "진료 시간이 어떻게 되나요?",
                "평일은 오전 9시부터 오후 6시 30분까지, 토요일은 오후 1시까지예요. 점심시간은 오후 1시부터 2시까지이고, \
                 일요일과 공휴일은 쉬어요.",
            ),
            ("예약하지 않고 가도 되나요?", "네, 오시는 순서대로 봐 드려요. 예약하고 오시면 덜 기다리세요."),
            (
                "독감 예방접종 되나요?",
                "네, 평일과 토요일 모두 맞으실 수 있어요. 어린이와 어르신은 나이에 따라 무료이고, 그 외에는 40,000원이에요. \
                 신분증을 가져와 주세요.",
            ),
            (
                "건강검진 전에 뭘 준비하나요?",
                "전날 밤 9시부터는 아무것도 드시지 말고 오세요. 물도 안 돼요. 매일 드시는 약이 있으면 미리 알려 주세요.",
            ),
            ("주차할 수 있나요?", "건물 지하에 주차하시면 돼요. 진료받으시면 1시간은 무료예요."),
        ],
    },
    Company {
        username: "bakery",
        name: "하늘 빵집",
        description: "새벽에 반죽해서 아침 8시에 첫 빵이 나와요. 천연 발효 식빵과 소금빵, 주문 케이크를 만들어요. 월요일은 쉬어요.",
        picture: "bakery",
        faq: &[
            (
                "영업시간이 어떻게 되나요?",
                "화요일부터 일요일까지, 아침 8시에 열고 저녁 7시에 닫아요. 빵이 다 팔리면 조금 일찍 닫기도 해요. 월요일은 쉬어요.",
            ),
            ("빵은 언제 나와요?", "식빵은 오전 8시와 오후 2시, 소금빵은 오전 10시와 오후 3시에 나와요."),
            (
                "예약할 수 있나요?",
                "네, 하루 전까지 채팅으로 알려 주시면 따로 담아 둘게요. 빵 이름과 개수, 찾으러 오실 시간을 적어 주세요.",
            ),
            (
                "케이크 주문은 어떻게 하나요?",
                "사흘 전까지 주문을 받아요. 크기(1호·2호·3호)와 맛, 찾으시는 날, 케이크에 적을 글을 알려 주세요.",
            ),
            (
                "택배로 받을 수 있나요?",
                "식빵과 스콘은 보내 드려요. 화요일과 목요일에 보내고 배송비는 4,000원이에요. 50,000원 넘게 주문하시면 무료예요.",
            ),
            (
                "주차할 수 있나요?",
                "가게 앞에는 자리가 없어요. 걸어서 2분 거리에 있는 시장 공영주차장을 이용해 주세요.",
            ),
        ],
    },
];
