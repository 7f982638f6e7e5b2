import { expect, test } from "vitest";
import { type CannedSource, CannedState } from "./canned.js";

const canned: CannedSource = {
  match: (typed) =>
    ["배송", "반품", "영업시간"]
      .filter((title) => title.startsWith(typed))
      .map((title) => ({ title, text: `${title} 답` })),
};

const offered = (state: CannedState): string[] => state.entries.value.map(({ title }) => title);

test("the entries that match are offered", () => {
  const state = new CannedState();
  state.look(canned, "네 /배", 4);
  expect(offered(state)).toEqual(["배송"]);
  expect(state.start).toBe(2);
});

test("arrows go around, and other letters start at the top", () => {
  const state = new CannedState();
  state.look(canned, "/", 1);
  state.move(-1);
  expect(state.chosen()?.text).toBe("영업시간 답");
  state.move(1);
  expect(state.chosen()?.text).toBe("배송 답");
  state.move(1);
  state.look(canned, "/", 1);
  expect(state.index()).toBe(1);
  state.look(canned, "/영", 2);
  expect(state.index()).toBe(0);
});

test("a closed list stays closed until another slash is typed", () => {
  const state = new CannedState();
  state.look(canned, "/", 1);
  state.dismiss();
  state.look(canned, "/배", 2);
  expect(state.isOpen()).toBe(false);
  state.look(canned, "/배 /", 4);
  expect(offered(state)).toEqual(["배송", "반품", "영업시간"]);
});

test("a slash that is deleted and typed again opens a closed list", () => {
  const state = new CannedState();
  state.look(canned, "/", 1);
  state.dismiss();
  state.look(canned, "", 0);
  state.look(canned, "/", 1);
  expect(state.isOpen()).toBe(true);
});

test("nothing is offered while text is selected, or without a source", () => {
  const state = new CannedState();
  state.look(canned, "/", undefined);
  expect(state.isOpen()).toBe(false);
  state.look(undefined, "/", 1);
  expect(state.isOpen()).toBe(false);
});
