import { type Chat, ChatError } from "@chatchat/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Company, createDirectory, keywordOf, withPage } from "./directory-store.js";

const company = (id: number): Company => ({
  id,
  name: `기업 ${id}`,
  description: "",
  imageUrl: null,
});

const answer = (ids: number[], current: number, total: number) => ({
  companySummaries: ids.map(company),
  page: { current, total },
});

/** A directory whose calls get these answers, in order. */
const directoryWith = (...answers: unknown[]) => {
  const call = vi.fn();
  for (const each of answers) {
    if (each instanceof Error) call.mockRejectedValueOnce(each);
    else call.mockResolvedValueOnce(each);
  }
  const directory = createDirectory({ chat: { call } as unknown as Chat });
  const ids = () => directory.companies.value?.map(({ id }) => id);
  return { call, directory, ids };
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("addEventListener", vi.fn());
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test.each([
  ["  빵집 ", "빵집"],
  ["가".repeat(101), "가".repeat(100)],
  [`${"👨".repeat(100)}x`, "👨".repeat(100)],
  [`${"가".repeat(99)} 나`, "가".repeat(99)],
])("a search for %j asks for %j", (typed, keyword) => {
  expect(keywordOf(typed)).toBe(keyword);
});

test("a company that has moved to the next page is shown once", () => {
  expect(withPage([company(3), company(2)], [company(2), company(1)])).toHaveLength(3);
});

test("pages follow each other until the last one", async () => {
  const { call, directory, ids } = directoryWith(answer([3, 2], 1, 2), answer([1], 2, 2));
  directory.search("");
  await vi.runAllTimersAsync();
  expect(directory.hasMore.value).toBe(true);
  directory.loadMore();
  directory.loadMore();
  await vi.runAllTimersAsync();
  expect(ids()).toEqual([3, 2, 1]);
  expect(directory.hasMore.value).toBe(false);
  directory.loadMore();
  expect(call.mock.calls.map(([, { query }]) => query)).toEqual([{ page: 1 }, { page: 2 }]);
});

test("another search replaces the list and ignores the earlier answer", async () => {
  const { call, directory, ids } = directoryWith();
  let answerFirst: ((answered: unknown) => void) | undefined;
  call.mockReturnValueOnce(new Promise((resolve) => (answerFirst = resolve)));
  call.mockResolvedValueOnce(answer([8], 1, 1));
  directory.search("꽃");
  directory.search("빵");
  await vi.runAllTimersAsync();
  answerFirst?.(answer([3, 2], 1, 1));
  await vi.runAllTimersAsync();
  expect(ids()).toEqual([8]);
  expect(call.mock.calls[1]?.[1].query).toEqual({ keyword: "빵", page: 1 });
});

test("the same search again keeps the list and adds new companies", async () => {
  const first = [answer([3, 2], 1, 2), answer([1], 2, 2)];
  const { directory, ids } = directoryWith(...first, answer([4, 3], 1, 2));
  directory.search("꽃");
  await vi.runAllTimersAsync();
  directory.loadMore();
  await vi.runAllTimersAsync();
  directory.search(" 꽃 ");
  expect(ids()).toEqual([3, 2, 1]);
  await vi.runAllTimersAsync();
  expect(ids()).toEqual([4, 3, 2, 1]);
});

test("a page that failed is loaded again by itself", async () => {
  const failure = new ChatError({ code: "network", message: "" });
  const { directory, ids } = directoryWith(answer([3], 1, 2), failure, answer([2], 2, 2));
  directory.search("");
  await vi.advanceTimersByTimeAsync(0);
  directory.loadMore();
  await vi.advanceTimersByTimeAsync(0);
  expect(directory.error.value).toBe(failure);
  expect(ids()).toEqual([3]);
  await vi.runAllTimersAsync();
  expect(directory.error.value).toBeUndefined();
  expect(ids()).toEqual([3, 2]);
});
