/** The frames of the WebSocket API (`infra/asyncapi.yaml`), and the check of received JSON. */

import type { components } from "./api.js";
import { ChatError, type ErrorCode } from "./error.js";

/** A message of a room. Only its sender gets `clientMessageId`. */
export type Message = components["schemas"]["Message"];

/** The other side of a room. A withdrawn account has no name and no picture. */
export interface Receiver {
  receiverId: number;
  receiverName: string | null;
  /** A path on the origin of the API, such as `/pictures/…`. */
  receiverImageUrl: string | null;
  receiverDeleted: boolean;
  /** Whether the company has blocked the customer. */
  blocked: boolean;
}

/** A frame to the server. @internal */
export type ClientFrame =
  | { action: "sendMessage"; roomId: number; clientMessageId: string; content: string }
  | { action: "markRead"; roomId: number; seq: number }
  | { action: "typing"; roomId: number }
  | { action: "heartbeat"; rooms: readonly RoomPosition[] };

/** The seq of the newest message of a room; 0 if there is none. */
export interface RoomPosition {
  roomId: number;
  lastSeq: number;
}

/** The frames from the server, by their `type`. */
export interface ServerFrames {
  /** The server stored a message that this connection sent. Each repeat gets an `ack` too. */
  ack: {
    type: "ack";
    clientMessageId: string;
    roomId: number;
    id: number;
    seq: number;
    senderId: number;
    createdAt: string;
  };
  /**
   * A message from the other side, or from the same account over another connection. The frame can
   * arrive twice, out of order, or not at all.
   */
  message: {
    type: "message";
    roomId: number;
    message: Message;
    sender: { name: string; imageUrl: string | null };
  };
  /** `readerId` has read the room up to `seq`. */
  read: { type: "read"; roomId: number; readerId: number; seq: number };
  /** `accountId` is typing. There is no frame for the end of typing; see `Room.receiverTyping`. */
  typing: { type: "typing"; roomId: number; accountId: number };
  /** The rooms that have newer messages than the client reported. */
  heartbeat: { type: "heartbeat"; rooms: RoomPosition[] };
  /** The server rejected a frame. */
  error: {
    type: "error";
    code: ErrorCode;
    message: string;
    requestId?: string;
    clientMessageId?: string;
  };
}

/** Any frame from the server. */
export type ServerFrame = ServerFrames[keyof ServerFrames];

/** An error of API Gateway: a function failed. It does not name the frame. @internal */
export interface GatewayFrame {
  type?: never;
  message: string;
}

/**
 * The expected form of a JSON value: `0` is an integer that is not negative, `""` a string, and
 * `null` a string or null. Fields that the shape does not name are ignored.
 *
 * @internal
 */
export type Shape = 0 | "" | null | readonly [Shape] | { readonly [name: string]: Shape };

/** Returns whether a value from the network or from storage has the expected form. @internal */
export const fits = (value: unknown, shape: Shape): boolean => {
  if (shape === 0) return Number.isSafeInteger(value) && (value as number) >= 0;
  if (shape === "") return typeof value === "string";
  if (shape === null) return value === null || typeof value === "string";
  if (Array.isArray(shape)) {
    return Array.isArray(value) && value.every((item) => fits(item, shape[0]));
  }
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(shape).every(([name, inner]) =>
      fits((value as Record<string, unknown>)[name], inner),
    )
  );
};

/**
 * Returns the value if it has the expected form. @throws ChatError `gateway` otherwise @internal
 */
export const checked = <T>(value: T, shape: Shape): T => {
  if (fits(value, shape)) return value;
  throw new ChatError({
    code: "gateway",
    message: "The response does not have the expected form.",
  });
};

/** @internal */
export const MESSAGE = {
  id: 0,
  seq: 0,
  senderId: 0,
  type: "",
  content: "",
  createdAt: "",
} as const;

/** @internal */
export const ROOM = {
  receiverId: 0,
  receiverName: null,
  receiverImageUrl: null,
  readSeq: 0,
  receiverReadSeq: 0,
  lastSeq: 0,
  messages: [MESSAGE],
} as const;

/** The response of `GET …/chatrooms/{id}`. @internal */
export type RoomDetail = Receiver & {
  readSeq: number;
  receiverReadSeq: number;
  lastSeq: number;
  messages: Message[];
};

const FRAMES: Record<string, Shape> = {
  ack: { clientMessageId: "", roomId: 0, id: 0, seq: 0, senderId: 0, createdAt: "" },
  message: { roomId: 0, message: MESSAGE, sender: { name: "", imageUrl: null } },
  read: { roomId: 0, readerId: 0, seq: 0 },
  typing: { roomId: 0, accountId: 0 },
  heartbeat: { rooms: [{ roomId: 0, lastSeq: 0 }] },
  error: { code: "", message: "" },
  "": { message: "" },
};

/** Parses a frame. Returns undefined if it is not a frame of the contract. @internal */
export const parseFrame = (data: unknown): ServerFrame | GatewayFrame | undefined => {
  try {
    const frame = JSON.parse(String(data));
    const { type = "" } = frame;
    const known = fits(type, "") && Object.hasOwn(FRAMES, type);
    return known && fits(frame, FRAMES[type]!) ? frame : undefined;
  } catch {
    return undefined;
  }
};
