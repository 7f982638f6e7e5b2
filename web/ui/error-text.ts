/** The text for an error of the API. */

import { ChatError } from "@chatchat/client";
import { text } from "./text/index.js";

/**
 * Returns a sentence in the page's language. Errors of the client library have no Korean message.
 */
export const errorText = (error: unknown): string => {
  if (!(error instanceof ChatError)) return text.loadFailed;
  if (/^too_many/.test(error.code) && error.retryAfter) return text.retryIn(error.retryAfter);
  if (error.code === "network") return text.noNetwork;
  if (error.code === "internal") return text.serverFailed;
  if (error.code === "gateway" || error.code === "unavailable" || error.code === "closed")
    return text.tryLater;
  return error.message;
};
