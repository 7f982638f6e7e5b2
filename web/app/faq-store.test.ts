import { type Chat, ChatError, type ErrorCode } from "@chatchat/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LiveChat } from "../ui/chat.js";
import { createFaq } from "./faq-store.js";

const ROOM = 31;
const HOURS = { id: 5, question: "몇 시에 여나요?" };
const PARKING = { id: 6, question: "주차돼요?" };

/** A room with a company whose FAQ has two entries at first. */
const faqWith = (receiverDeleted = false) => {
  const listed = vi.fn().mockResolvedValue({ autoReplies: [HOURS, PARKING] });
  const asked = vi.fn();
  const room = {
    id: ROOM,
    receiver: undefined as unknown,
    receive: vi.fn(),
    refresh: vi.fn(),
  };
  let changed: ((room: unknown) => void) | undefined;
  const chat = {
    rooms: [room],
    on: (_: string, listener: (room: unknown) => void) => {
      changed = listener;
      return () => {
        changed = undefined;
      };
    },
    call: (route: string, input: unknown) => (route.startsWith("GET") ? listed : asked)(input),
  } as unknown as Chat;
  const faq = createFaq({ chat } as LiveChat, ROOM);
  const load = async (): Promise<void> => {
    room.receiver = { receiverId: 7, receiverDeleted };
    changed?.(room);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { asked, faq, listed, load, room };
};

const error = (code: ErrorCode): ChatError => new ChatError({ code, message: "" });

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("addEventListener", vi.fn());
  vi.stubGlobal("removeEventListener", vi.fn());
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the questions are loaded once, when the company is known", async () => {
  const { faq, listed, load } = faqWith();
  expect(faq.entries.value).toBeUndefined();
  await load();
  await load();
  expect(faq.entries.value).toEqual([HOURS, PARKING]);
  expect(listed).toHaveBeenCalledTimes(1);
});

test("a company that has withdrawn offers no questions", async () => {
  const { faq, listed, load } = faqWith(true);
  await load();
  expect(faq.entries.value).toEqual([]);
  expect(listed).not.toHaveBeenCalled();
});

test("question and answer are in the room as soon as they are answered", async () => {
  const { asked, faq, load, room } = faqWith();
  await load();
  asked.mockResolvedValueOnce({ answer: "아홉 시요.", messages: ["question", "answer"] });
  const asking = faq.ask(HOURS);
  expect(faq.busy.value).toBe(HOURS.id);
  await asking;
  expect(faq.busy.value).toBeUndefined();
  expect(room.receive).toHaveBeenCalledWith("question", "answer");
});

test("a second question waits for the first answer", async () => {
  const { asked, faq, load } = faqWith();
  await load();
  asked.mockResolvedValue({ messages: [] });
  const asking = faq.ask(HOURS);
  await faq.ask(PARKING);
  await asking;
  expect(asked).toHaveBeenCalledTimes(1);
});

test("a repeat after a lost answer has the same id, a later question another", async () => {
  const { asked, faq, load } = faqWith();
  await load();
  asked.mockRejectedValueOnce(error("network")).mockResolvedValue({ messages: [] });
  for (let times = 0; times < 3; times++) await faq.ask(HOURS);
  const [lost, repeat, later] = asked.mock.calls.map(([{ body }]) => body.clientMessageId);
  expect(repeat).toBe(lost);
  expect(later).not.toBe(lost);
});

test("a question that no longer exists loads the others again", async () => {
  const { asked, faq, listed, load } = faqWith();
  await load();
  asked.mockRejectedValueOnce(error("auto_reply_not_found"));
  listed.mockResolvedValueOnce({ autoReplies: [PARKING] });
  await faq.ask(HOURS);
  expect(faq.entries.value).toEqual([PARKING]);
});

test("a company that withdrew meanwhile makes the room look again", async () => {
  const { asked, faq, load, room } = faqWith();
  await load();
  asked.mockRejectedValueOnce(error("receiver_withdrawn"));
  await faq.ask(HOURS);
  expect(room.refresh).toHaveBeenCalledTimes(1);
});

test("closed chips stay closed in the next room", () => {
  const { faq } = faqWith();
  expect(faq.isOpen.value).toBe(true);
  faq.toggle();
  expect(faqWith().faq.isOpen.value).toBe(false);
  faq.toggle();
  expect(faqWith().faq.isOpen.value).toBe(true);
});
