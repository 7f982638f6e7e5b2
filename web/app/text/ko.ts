export const ko = {
  tabs: { label: "메뉴", rooms: "채팅", directory: "찾기", me: "내 정보" },
  logIn: "로그인",
  logInHint: "로그인하면 기업과 바로 대화할 수 있어요.",
  isCompany: "기업이신가요?",
  companyLogin: "기업 로그인",

  directory: {
    title: "기업 찾기",
    search: "어떤 기업을 찾으세요?",
    noMatch: (query: string) => `‘${query}’ 검색 결과가 없어요`,
    noMatchHint: "기업 이름의 일부만 써도 찾을 수 있어요.",
    showAll: "모든 기업 보기",
    empty: "아직 공개된 기업이 없어요",
    found: (count: number, hasMore: boolean) => `기업 ${count}${hasMore ? "곳 이상" : "곳"}`,
  },

  company: {
    title: "기업 프로필",
    chat: "채팅하기",
    opening: "채팅방을 여는 중이에요…",
    faq: "자주 묻는 질문",
    noDescription: "아직 소개가 없어요.",
    notFound: "찾을 수 없는 기업이에요",
    notFoundHint: "주소가 바뀌었거나, 지금은 공개하지 않는 기업일 수 있어요.",
    findOthers: "기업 찾기",
  },

  rooms: {
    title: "채팅",
    empty: "아직 대화가 없어요",
    emptyHint: "궁금한 것이 있는 기업을 찾아 말을 걸어 보세요.",
    find: "기업 찾기",
    choose: "왼쪽에서 채팅을 골라 주세요",
    room: "채팅방",
    profile: "프로필 보기",
    leave: "채팅방 나가기",
    leaveQuestion: "채팅방에서 나갈까요?",
    leaveHint: "채팅 목록에서 사라지고, 새 메시지가 오면 다시 보여요. 대화 내용은 지워지지 않아요.",
    leaveClosedHint: "채팅 목록에서 사라져요. 대화 내용은 지워지지 않아요.",
    leaveAction: "나가기",
    left: "채팅방에서 나왔어요",
  },

  faq: {
    label: "자주 묻는 질문",
    show: "자주 묻는 질문 펼치기",
    hide: "자주 묻는 질문 접기",
    gone: "삭제된 질문이에요. 목록을 새로 불러왔어요.",
  },

  me: {
    title: "내 정보",
    account: "계정 관리",
    accountHint: "비밀번호 변경, 내 데이터, 탈퇴",
    appearance: "화면",
    themes: { light: "밝게", dark: "어둡게", device: "기기 설정" },
    language: "언어",
    logOut: "로그아웃",
    nameChanged: "이름을 바꿨어요",
    pictureChanged: "사진을 바꿨어요",
    pictureRemoved: "사진을 지웠어요",
  },

  notFound: {
    title: "페이지를 찾을 수 없어요",
    hint: "주소를 다시 확인해 주세요.",
    home: "처음으로",
  },
};
