import { ChatError } from "@chatchat/client";
import { expect, test } from "vitest";
import { errorText } from "./error-text.js";
import { text } from "./text/index.js";

const message = "요청이 너무 많았어요. 잠시 후 다시 시도해 주세요.";

test("a limit names the wait, if the server did", () => {
  const code = "too_many_requests";
  const limit = new ChatError({ code, message, retryAfter: 1_730 });
  expect(errorText(limit)).toBe(text.retryIn(1_730));
  expect(errorText(new ChatError({ code, message }))).toBe(message);
});

test("other errors of the server keep its text", () => {
  const error = new ChatError({ code: "room_not_found", message: "없는 채팅방이에요." });
  expect(errorText(error)).toBe("없는 채팅방이에요.");
});
