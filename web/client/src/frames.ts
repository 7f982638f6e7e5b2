/** The frames of the WebSocket API, as `infra/asyncapi.yaml` has them. Types alone. */

import type { components } from "./api.js";
import type { ErrorCode } from "./error.js";

/** A message of a room. `clientMessageId` is there for its sender alone. */
export type Message = components["schemas"]["Message"];

/** What the client sends. @internal */
export type ClientFrame =
  | { action: "sendMessage"; roomId: number; clientMessageId: string; content: string }
  | { action: "markRead"; roomId: number; seq: number }
  | { action: "typing"; roomId: number }
  | { action: "heartbeat"; rooms: readonly RoomPosition[] };

/** How far a room is: the seq of its newest message that is known; 0 stands before the first. */
export interface RoomPosition {
  roomId: number;
  lastSeq: number;
}

/** What the server sends, by its `type`. */
export interface ServerFrames {
  /** A message of this connection is kept. Comes again for each repeat. */
  ack: { type: "ack"; clientMessageId: string; roomId: number; id: number; seq: number; createdAt: string };
  /** Somebody else wrote, or the same account elsewhere. May come twice, out of order, or not at all. */
  message: { type: "message"; roomId: number; message: Message };
  /** `readerId` has read the room up to `seq`. */
  read: { type: "read"; roomId: number; readerId: number; seq: number };
  /** `accountId` types. Shown for some seconds by most; nothing tells that they stopped. */
  typing: { type: "typing"; roomId: number; accountId: number };
  /** The rooms in which there is more than the client said it had. */
  heartbeat: { type: "heartbeat"; rooms: RoomPosition[] };
  /** A frame was refused. `message` is for people, `requestId` for the server's log. */
  error: { type: "error"; code: ErrorCode; message: string; requestId: string; clientMessageId?: string };
}

/** Any frame of the server. */
export type ServerFrame = ServerFrames[keyof ServerFrames];

/** API Gateway's own, where a function failed without an answer. It does not say which frame it is about. @internal */
export interface GatewayFrame {
  type?: never;
  message: string;
}
