import { ChatError } from "@chatchat/client";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createRetry, whileUnavailable } from "./retry.js";

const error = (code: ChatError["code"], retryAfter?: number): ChatError =>
  new ChatError({ code, message: "", retryAfter });

let online: EventTarget;

beforeEach(() => {
  vi.useFakeTimers();
  online = new EventTarget();
  vi.stubGlobal("addEventListener", online.addEventListener.bind(online));
  vi.stubGlobal("removeEventListener", online.removeEventListener.bind(online));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a call while the service is unavailable", () => {
  test("is repeated after Retry-After", async () => {
    const call = vi.fn().mockRejectedValueOnce(error("unavailable", 2)).mockResolvedValue("done");
    const result = whileUnavailable(call);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(call).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await result).toBe("done");
  });

  test("fails after three repeats", async () => {
    const call = vi.fn().mockRejectedValue(error("unavailable"));
    const result = expect(whileUnavailable(call)).rejects.toMatchObject({ code: "unavailable" });
    await vi.runAllTimersAsync();
    await result;
    expect(call).toHaveBeenCalledTimes(4);
  });

  test.each([
    ["another error", error("login_failed")],
    ["a long wait", error("unavailable", 60)],
  ])("fails at once after %s", async (_, failure) => {
    const call = vi.fn().mockRejectedValue(failure);
    await expect(whileUnavailable(call)).rejects.toBe(failure);
    expect(call).toHaveBeenCalledTimes(1);
  });
});

describe("a load that failed", () => {
  test("runs again later after each failure", () => {
    const load = vi.fn();
    const retry = createRetry(load);
    for (const pause of [1_000, 2_000, 4_000]) {
      load.mockClear();
      retry.failed(error("network"));
      vi.advanceTimersByTime(pause - 1);
      expect(load).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(load).toHaveBeenCalledTimes(1);
    }
    retry.close();
  });

  test("runs at once when the network returns", () => {
    const load = vi.fn();
    const retry = createRetry(load);
    online.dispatchEvent(new Event("online"));
    expect(load).not.toHaveBeenCalled();
    retry.failed(error("network"));
    online.dispatchEvent(new Event("online"));
    expect(load).toHaveBeenCalledTimes(1);
    vi.runAllTimers();
    expect(load).toHaveBeenCalledTimes(1);
    retry.close();
  });

  test("does not run again if a repeat cannot help", () => {
    const load = vi.fn();
    const retry = createRetry(load);
    expect(retry.failed(error("company_not_found"))).toBe(true);
    vi.runAllTimers();
    expect(load).not.toHaveBeenCalled();
    retry.close();
  });

  test("shows a 503 only after its first repeat", () => {
    const retry = createRetry(vi.fn());
    expect(retry.failed(error("unavailable", 1))).toBe(false);
    expect(retry.failed(error("unavailable", 1))).toBe(true);
    retry.close();
  });

  test("does not run again after the end", () => {
    const load = vi.fn();
    const retry = createRetry(load);
    retry.failed(error("network"));
    retry.close();
    online.dispatchEvent(new Event("online"));
    vi.runAllTimers();
    expect(load).not.toHaveBeenCalled();
  });
});
