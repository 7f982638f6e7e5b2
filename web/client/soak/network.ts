/** The network of one client: its errors by code, its frames, and the events of its browser. */

import type { Chat, ChatOptions } from "@chatchat/client";
import WebSocket from "ws";
import type { Browser } from "./browser.js";
import { faults } from "./faults.js";

export class Network {
  /** How many times each message was sent, by `clientMessageId`. */
  readonly sends = new Map<string, number>();
  /** The errors of responses and frames, by code. */
  readonly errors = new Map<string, number>();
  /** The heartbeats of the newest connection that have no answer yet. */
  unanswered = 0;
  readonly #window = new EventTarget();
  #socket: WebSocket | undefined;
  readonly #browser: Browser;

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** What a program outside of browsers passes to `createChat`. */
  get options(): Pick<Required<ChatOptions>, "fetch" | "WebSocket"> {
    const network = this;
    return {
      fetch: async (input, init) => {
        const isRoom = /\/chatrooms\/\d+(\/messages\?.*)?$/.test(String(input));
        if (isRoom && faults.happens("cut-while-resyncing")) network.#socket?.terminate();
        const answer = await network.#browser.fetch(input, init);
        if (answer.status >= 400) {
          const json = await answer
            .clone()
            .json()
            .catch(() => ({}));
          network.failed(json.code ?? `${answer.status} from the gateway`);
        }
        return answer;
      },
      WebSocket: class extends WebSocket {
        constructor(url: string) {
          super(url);
          // Until then, the library uses the connection before.
          this.once("open", () => {
            network.unanswered = 0;
            network.#socket = this;
          });
        }

        override send(data: Parameters<WebSocket["send"]>[0]): void {
          const { action, clientMessageId } = JSON.parse(String(data));
          const isMessage = action === "sendMessage";
          if (isMessage && faults.happens("cut-before-send")) {
            this.terminate();
            return;
          }
          super.send(data);
          if (action === "heartbeat") network.unanswered += 1;
          if (!isMessage) return;
          count(network.sends, clientMessageId);
          if (faults.happens("sent-twice")) super.send(data);
          if (faults.happens("cut-after-send")) this.terminate();
        }
      },
    };
  }

  /** Counts an error. */
  failed(code: string): void {
    count(this.errors, code);
  }

  /** Connects a chat, which listens only to the events of this network. Node has no such events. */
  connect(chat: Chat): void {
    const { addEventListener, removeEventListener } = globalThis;
    const window = this.#window;
    Object.assign(globalThis, {
      addEventListener: window.addEventListener.bind(window),
      removeEventListener: window.removeEventListener.bind(window),
    });
    chat.connect();
    Object.assign(globalThis, { addEventListener, removeEventListener });
  }

  /** Dispatches an event of the browser. After `online`, the library checks its connection. */
  dispatch(event: "online" | "offline"): void {
    this.#window.dispatchEvent(new Event(event));
  }
}

const count = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};
