/** A network between client and cloud that fails at chosen moments. */

import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** The faults, and their moments. */
export const FAULTS = {
  /** A frame to the server is lost with its connection. */
  before: "before the server has a frame",
  /** A frame arrives, and the connection ends before the answer. */
  after: "after the server has a frame, before its answer",
  /** A request for a room, or for a part of its history, gets no answer. */
  resync: "while catching up",
  /** All data are dropped, and neither side detects it. */
  silence: "without a word",
} as const;

export type Fault = keyof typeof FAULTS;

export class FailingProxy {
  /** How often each fault happened. */
  readonly happened: Record<Fault, number> = { before: 0, after: 0, resync: 0, silence: 0 };
  /** Decides whether a fault happens, at each moment when one is possible. */
  chooses: (fault: Fault) => boolean = () => false;
  /** The delay, in milliseconds, of everything that the cloud sends over a WebSocket. */
  delay = 0;
  #isCut = false;
  readonly #server;
  readonly #open = new Set<Socket>();

  constructor(target: URL) {
    this.#server = createServer((client) => {
      if (this.#isCut) client.destroy();
      else
        this.#pass(
          client,
          connect({ host: target.hostname, port: Number(target.port), noDelay: true }),
        );
    });
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }

  /** Ends all connections, and refuses new ones until `restore`. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open) socket.destroy();
  }

  restore(): void {
    this.#isCut = false;
  }

  #pass(client: Socket, cloud: Socket): void {
    let isWebSocket: boolean | undefined;
    let silent = false;
    let endsAtAnswer = false;
    /** Resolves when all earlier bytes of the cloud are written. */
    let written = Promise.resolve();
    const end = (): void => {
      client.destroy();
      cloud.destroy();
    };
    const happens = (fault: Fault): boolean => {
      const chosen = !silent && this.chooses(fault);
      if (chosen) this.happened[fault]++;
      return chosen;
    };
    for (const socket of [client, cloud]) {
      socket.setNoDelay(true);
      this.#open.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        this.#open.delete(socket);
        end();
      });
    }
    client.on("data", (bytes) => {
      isWebSocket ??= bytes.subarray(0, 20).toString().startsWith("GET /realtime");
      const isHandshake = isWebSocket;
      if (isWebSocket && !(isHandshake && bytes.includes("Sec-WebSocket-Key"))) {
        if (happens("before")) return end();
        endsAtAnswer ||= happens("after");
        silent ||= happens("silence");
      } else if (
        /^GET \/api\/(customer|company)\/chatrooms\/\d/.test(bytes.subarray(0, 60).toString())
      ) {
        endsAtAnswer ||= happens("resync");
      }
      if (!silent) cloud.write(bytes);
    });
    cloud.on("data", (bytes) => {
      if (endsAtAnswer) return end();
      if (silent) return;
      const due = performance.now() + (isWebSocket ? this.delay : 0);
      written = written.then(async () => {
        const wait = due - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        client.write(bytes);
      });
    });
  }
}
