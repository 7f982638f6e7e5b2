import { ChatError, type ErrorDetails } from "@chatchat/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { text } from "../text/index.js";
import { createForm } from "./form.js";

const fail = (error: Partial<ErrorDetails>) => async () => {
  throw new ChatError({ code: "internal", message: "서버에 문제가 생겼어요.", ...error });
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a form with problems makes no call", async () => {
  const form = createForm();
  const call = vi.fn();
  await form.submit({ name: "입력해 주세요" }, call);
  expect(call).not.toHaveBeenCalled();
  expect(form.problems.value).toEqual({ name: "입력해 주세요" });
});

test("a second submission waits for the first one to end", async () => {
  const form = createForm();
  const call = vi.fn(() => new Promise<void>((resolve) => setTimeout(resolve, 10)));
  const first = form.submit({}, call);
  await form.submit({}, call);
  expect(form.isBusy.value).toBe(true);
  await vi.runAllTimersAsync();
  await first;
  expect(form.isBusy.value).toBe(false);
  expect(call).toHaveBeenCalledTimes(1);
});

test("all fields that the server rejects show a problem", async () => {
  const form = createForm();
  const fields = [
    { field: "username", code: "too_short" as const, message: "" },
    { field: "password", code: "common_password" as const, message: "" },
  ];
  await form.submit({}, fail({ code: "validation_failed", fields }));
  const { problems } = text.account;
  expect(form.problems.value).toEqual({
    username: problems.username,
    password: problems.codes.common_password,
  });
});

test("an edited field loses its problem, and the last one clears the failure", async () => {
  const form = createForm();
  await form.submit({ name: "a", password: "b" }, vi.fn());
  form.edited("name");
  expect(form.problems.value).toEqual({ password: "b" });
  expect(form.failure.value).toBeDefined();
  form.edited("password");
  expect(form.failure.value).toBeUndefined();
});

test("the form's own text replaces that of the server", async () => {
  const form = createForm(({ code }) =>
    code === "login_failed" ? { message: "맞지 않아요", focus: "password" } : undefined,
  );
  await form.submit({}, fail({ code: "login_failed" }));
  expect(form.failure.value).toEqual({ message: "맞지 않아요", focus: "password" });
  await form.submit({}, fail({ code: "room_not_found", message: "없어요" }));
  expect(form.failure.value).toEqual({ message: "없어요" });
  await form.submit({}, fail({ code: "internal" }));
  expect(form.failure.value).toEqual({ message: text.serverFailed });
  await form.submit({}, fail({ code: "network" }));
  expect(form.failure.value).toEqual({ message: text.noNetwork });
});

test.each(["too_many_attempts", "too_many_requests"] as const)(
  "%s counts down, and blocks until the end",
  async (code) => {
    const form = createForm();
    await form.submit({}, fail({ code, retryAfter: 2 }));
    expect(form.wait.value).toBe(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(form.wait.value).toBe(1);
    const call = vi.fn();
    await form.submit({}, call);
    expect(call).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(form.wait.value).toBe(0);
    expect(form.failure.value).toBeUndefined();
    await form.submit({}, call);
    expect(call).toHaveBeenCalledTimes(1);
  },
);
