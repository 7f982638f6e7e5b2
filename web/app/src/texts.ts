/** What the page says, in both languages. */

export const ko = {
  lead: "고객과 기업이 실시간으로 대화하는 곳이에요.",
  sideBySide: "한 브라우저에서 고객과 기업으로 함께 로그인할 수 있어요.",
  customer: "고객",
  company: "기업",
  unknown: "로그인 상태를 확인하고 있어요…",
  loggedOut: "로그인하지 않았어요.",
  loggedIn: "로그인했어요.",
  expired: "로그인이 만료됐어요. 다시 로그인해 주세요.",
  open: "실시간으로 연결됐어요.",
  connecting: "연결하고 있어요…",
  offline: "인터넷 연결이 끊겼어요.",
  username: "아이디",
  password: "비밀번호",
  logIn: "로그인",
  logOut: "로그아웃",
  loginFailed: "아이디 또는 비밀번호가 맞지 않아요.",
  unreachable: "서버에 연결하지 못했어요. 잠시 뒤에 다시 시도해 주세요.",
  noAccount: "계정은 아직 API로만 만들 수 있어요.",
  docs: "API 문서",
};

export const en: typeof ko = {
  lead: "The place where customers and companies talk in real time.",
  sideBySide: "You can log in as a customer and as a company in the same browser.",
  customer: "Customer",
  company: "Company",
  unknown: "Checking whether you are logged in…",
  loggedOut: "You are not logged in.",
  loggedIn: "You are logged in.",
  expired: "Your login has expired. Please log in again.",
  open: "Connected.",
  connecting: "Connecting…",
  offline: "You are offline.",
  username: "Username",
  password: "Password",
  logIn: "Log in",
  logOut: "Log out",
  loginFailed: "The username or the password is wrong.",
  unreachable: "The server cannot be reached. Please try again in a moment.",
  noAccount: "For now, accounts are created through the API.",
  docs: "API documentation",
};

/** The first of a browser's languages that the page has; Korean if it has none of them. */
export const preferred = (languages: readonly string[]): "ko" | "en" =>
  languages
    .map((language) => language.toLowerCase().split("-")[0])
    .find((language) => language === "ko" || language === "en") ?? "ko";
