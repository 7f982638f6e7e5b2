import { describe, expect, test } from "vitest";
import { shortcutOf } from "./shortcut.js";

const NO_FOCUS = { isField: false, usesArrows: false, isDialog: false };
const press = (code: string, changes: object = {}) => ({
  code,
  key: "",
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  isComposing: false,
  defaultPrevented: false,
  ...changes,
});

const BARE = ["KeyJ", "KeyK", "ArrowDown", "ArrowUp", "KeyR", "KeyU", "Slash"];

describe("without a field that has the focus", () => {
  test.each([
    ["KeyJ", {}, "next"],
    ["ArrowDown", {}, "next"],
    ["KeyK", {}, "previous"],
    ["ArrowUp", {}, "previous"],
    ["KeyR", {}, "composer"],
    ["KeyU", {}, "unread"],
    ["Slash", {}, "canned"],
    ["Slash", { shiftKey: true }, "list"],
    ["Digit7", { shiftKey: true, key: "/" }, "canned"],
    ["Minus", { shiftKey: true, key: "?" }, "list"],
    ["Escape", {}, "leave"],
    ["KeyK", { ctrlKey: true }, "search"],
    ["KeyK", { metaKey: true }, "search"],
    ["KeyR", { ctrlKey: true }, undefined],
    ["KeyJ", { shiftKey: true }, undefined],
    ["Enter", {}, undefined],
  ])("%s with %j is %s", (code, changes, expected) => {
    expect(shortcutOf(press(code, changes), NO_FOCUS)).toBe(expected);
  });
});

test.each(BARE)("%s is only a key in a field", (code) => {
  expect(shortcutOf(press(code), { ...NO_FOCUS, isField: true })).toBeUndefined();
});

test.each([
  ["KeyK", { ctrlKey: true }, "search"],
  ["Escape", {}, "leave"],
])("%s with %j works in a field", (code, changes, expected) => {
  expect(shortcutOf(press(code, changes), { ...NO_FOCUS, isField: true })).toBe(expected);
});

test.each(["KeyK", "Escape", ...BARE])("%s with Alt is no shortcut", (code) => {
  expect(shortcutOf(press(code, { altKey: true }), NO_FOCUS)).toBeUndefined();
  expect(shortcutOf(press(code, { altKey: true, ctrlKey: true }), NO_FOCUS)).toBeUndefined();
});

test.each(["KeyK", "Escape", "KeyJ"])("%s is no shortcut while composing", (code) => {
  const composing = { isComposing: true, ctrlKey: code === "KeyK" };
  expect(shortcutOf(press(code, composing), NO_FOCUS)).toBeUndefined();
});

test("a key that the page has used is no shortcut", () => {
  expect(shortcutOf(press("Escape", { defaultPrevented: true }), NO_FOCUS)).toBeUndefined();
});

test("an open dialog gets all keys", () => {
  expect(shortcutOf(press("KeyJ"), { ...NO_FOCUS, isDialog: true })).toBeUndefined();
});

test("arrows scroll what uses them, letters still work there", () => {
  const focus = { ...NO_FOCUS, usesArrows: true };
  expect(shortcutOf(press("ArrowDown"), focus)).toBeUndefined();
  expect(shortcutOf(press("KeyJ"), focus)).toBe("next");
});
