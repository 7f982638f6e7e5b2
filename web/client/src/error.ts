/** The error of calls, rooms and messages. */

import type { components } from "./api.js";

/** An invalid field of a request. */
export type FieldError = components["schemas"]["FieldError"];

/**
 * A code of the server, which is stable, or a code of the client:
 *
 * - `network`: no response arrived in time
 * - `gateway`: the response is not from ChatChat, but from API Gateway or from a third party, such
 *   as the login page of a hotel
 * - `closed`: this program closed the room or the chat, or the account logged out
 */
export type ErrorCode =
  | components["schemas"]["Error"]["code"]
  | "unknown_action"
  | "network"
  | "gateway"
  | "closed";

/** The contents of a {@link ChatError}. */
export interface ErrorDetails {
  code: ErrorCode;
  message: string;
  status?: number | undefined;
  requestId?: string | undefined;
  fields?: readonly FieldError[] | undefined;
  retryAfter?: number | undefined;
  cause?: unknown;
}

/** The error of a call, a room or a message. Its `message` can be shown to a person. */
export class ChatError extends Error {
  /** The stable code. */
  declare readonly code: ErrorCode;
  /** The HTTP status; 0 if there was no HTTP response. */
  declare readonly status: number;
  /** The request's id in the server's log. */
  declare readonly requestId: string | undefined;
  /** All invalid fields; only for `validation_failed`. */
  declare readonly fields: readonly FieldError[] | undefined;
  /** The number of seconds after which a retry is allowed, if the server named one. */
  declare readonly retryAfter: number | undefined;

  /** @internal */
  constructor({ code, message, status = 0, requestId, fields, retryAfter, cause }: ErrorDetails) {
    super(message, { cause });
    Object.assign(this, { name: "ChatError", code, status, requestId, fields, retryAfter });
  }

  /** Whether the same action can succeed later. */
  get transient(): boolean {
    return /^(network|gateway|internal|unavailable|too_many_(attempts|requests))$/.test(this.code);
  }
}
