/** People in the situations that screens show. One cast serves all tests of a worker, which only look at it. */

import {
  addFaq,
  addPicture,
  enter,
  openRoom,
  type People,
  type Person,
  say,
  until,
  withdraw,
} from "./people.js";

export interface Cast {
  /** Has rooms with all kinds of messages. */
  customer: Person;
  /** Has no room. */
  newcomer: Person;
  /** Has a picture, a description, an FAQ, and rooms. */
  company: Person;
  /** Has only its name, and is hidden. */
  newCompany: Person;
  /** Has six entries in its FAQ. */
  fullCompany: Person;
  /** The room of `customer` and `company`. */
  roomId: number;
  /** A room in which only the guide message is. */
  emptyRoomId: number;
  /** A room whose company has withdrawn. */
  closedRoomId: number;
  /** A room with unread messages. */
  unreadRoomId: number;
  /** A customer whom `company` has blocked, and their room. */
  blockedCustomer: Person;
  blockedRoomId: number;
}

const FAQ = {
  "영업시간이 어떻게 되나요?": "매일 오전 8시부터 오후 7시까지 열어요. 월요일은 쉬어요.",
  "주차할 수 있나요?": "건물 뒤에 두 대 자리가 있어요.",
  "예약은 어떻게 하나요?": "여기에 남겨 주시면 확인하고 답해 드려요.",
};

const SIX = Object.fromEntries(
  Array.from({ length: 6 }, (_, n) => [
    `${n + 1}번째 질문이에요. 질문은 60자까지 쓸 수 있어요.`,
    `${n + 1}번째 답변이에요. `.repeat(8),
  ]),
);

export const createCast = async (people: People): Promise<Cast> => {
  const customer = await people.customer("김하늘");
  const [company, clinic, flowers, closed] = [
    await people.company("새벽빵집"),
    await people.company("튼튼한이웃의원"),
    await people.company("Spring Flowers"),
    await people.company("사라진가게"),
  ] as const;
  const description =
    "매일 새벽 네 시에 반죽을 시작하는 동네 빵집이에요. 예약과 문의는 채팅으로 남겨 주세요.";
  await company.chat.call("PATCH /companies/me", { body: { description } });
  await addPicture(company.chat);
  await addFaq(company, FAQ);

  const roomId = await openRoom(customer, company);
  await say(customer, roomId, "안녕하세요! 내일 아침에 식빵 두 개 예약할 수 있을까요? 😀");
  await say(company, roomId, "네, 가능해요.", "몇 시쯤 오세요?");
  const { autoReplies } = await company.chat.call("GET /company/auto-replies");
  await customer.chat.call("POST /auto-replies/{id}", {
    path: { id: autoReplies[1]!.id },
    body: { chatRoomId: roomId, clientMessageId: crypto.randomUUID() },
  });
  await say(
    customer,
    roomId,
    "아홉 시쯤 갈게요.\n위치가 https://example.com/map?place=bakery&zoom=17 맞나요?",
    "SupercalifragilisticexpialidociousSupercalifragilisticexpialidocious 👨‍👩‍👧‍👦",
  );
  await say(company, roomId, "맞아요. 도착하시면 02-123-4567로 전화 주세요.".repeat(3));
  (await enter(customer, roomId)).markRead();

  const unreadRoomId = await openRoom(customer, clinic);
  await say(customer, unreadRoomId, "진료 예약하려고요");
  await say(
    clinic,
    unreadRoomId,
    "네, 언제가 좋으세요?",
    "내일은 오후만 가능해요",
    "예약해 드릴까요?",
  );

  const closedRoomId = await openRoom(customer, closed);
  await say(customer, closedRoomId, "아직 영업하시나요?");
  await withdraw(closed);
  const emptyRoomId = await openRoom(customer, flowers);

  const other = await people.customer("이바다");
  await say(other, await openRoom(other, company), "이바다예요. 케이크도 있나요?");
  const blockedCustomer = await people.customer("박구름");
  const blockedRoomId = await openRoom(blockedCustomer, company);
  await say(blockedCustomer, blockedRoomId, "박구름이에요. 케이크도 있나요?");
  await (await enter(company, blockedRoomId)).block();
  const fullCompany = await people.company("질문많은가게");
  await addFaq(fullCompany, SIX);
  const cast: Cast = {
    customer,
    newcomer: await people.customer("최바람"),
    company,
    newCompany: await people.hiddenCompany("새가게"),
    fullCompany,
    roomId,
    emptyRoomId,
    closedRoomId,
    unreadRoomId,
    blockedCustomer,
    blockedRoomId,
  };
  const mine = await enter(company, roomId);
  mine.markRead();
  const theirs = await enter(customer, roomId);
  await until("both sides have read", () => theirs.receiverReadSeq === theirs.lastSeq);
  return cast;
};
