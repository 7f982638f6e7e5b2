/** The one kind of error that calls, rooms and messages fail with. */

import type { components } from "./api.js";

/** A field of a request that is wrong. */
export type FieldError = components["schemas"]["FieldError"];

/**
 * Why something was not done: a code of the server, which is stable, or one of the client's own:
 *
 * - `network`: no answer came, or not in time
 * - `gateway`: the answer is not the product's, but of API Gateway or of something else on the way, such as a hotel's login page
 * - `closed`: the room or the chat was closed by this program
 */
export type ErrorCode = components["schemas"]["Error"]["code"] | "unknown_action" | "network" | "gateway" | "closed";

/** What a {@link ChatError} tells. */
export interface ErrorDetails {
  code: ErrorCode;
  message: string;
  status?: number | undefined;
  requestId?: string | undefined;
  fields?: readonly FieldError[] | undefined;
  retryAfter?: number | undefined;
  cause?: unknown;
}

/** Something was not done. `message` can be shown to a person. */
export class ChatError extends Error {
  /** For programs. */
  declare readonly code: ErrorCode;
  /** The HTTP status; 0 where there is none: without an answer, and for what was refused over the WebSocket connection. */
  declare readonly status: number;
  /** Finds the request in the server's log. */
  declare readonly requestId: string | undefined;
  /** Every field that is wrong, with `validation_failed` of an HTTP call. */
  declare readonly fields: readonly FieldError[] | undefined;
  /** After how many seconds to try again, where the server said so. */
  declare readonly retryAfter: number | undefined;

  /** @internal */
  constructor({ code, message, status = 0, requestId, fields, retryAfter, cause }: ErrorDetails) {
    super(message, { cause });
    Object.assign(this, { name: "ChatError", code, status, requestId, fields, retryAfter });
  }

  /** Whether the same can succeed later without anybody changing anything. */
  get transient(): boolean {
    return /^(network|gateway|internal|unavailable|too_many_attempts)$/.test(this.code);
  }
}
