import { and } from "./particles.js";

export const ko = {
  close: "닫기",
  cancel: "취소",
  save: "저장",
  retry: "다시 시도",
  back: "뒤로",
  menu: "메뉴",
  loading: "불러오는 중이에요",
  loadFailed: "불러오지 못했어요",
  skipToContent: "본문으로 건너뛰기",
  unknownPerson: "(알 수 없음)",
  retryIn: (seconds: number) => `${seconds}초 뒤에 다시 시도해 주세요`,
  showPassword: "비밀번호 보기",
  hidePassword: "비밀번호 숨기기",
  noMatch: (query: string, what: string) => `‘${query}’${and(query)} 맞는 ${what} 없어요`,
};
