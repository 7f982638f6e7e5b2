/** A real Korean input method: fcitx5-hangul on a display in memory, with keys that come from outside of the browser. */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { expect, type Locator } from "@playwright/test";
import { test as base } from "./test.js";

const run = promisify(execFile);

/** Hangul is the only input method, so it is in use from the first key on. */
const PROFILE = `[Groups/0]
Name=Default
Default Layout=us
DefaultIM=hangul

[Groups/0/Items/0]
Name=hangul
Layout=

[GroupOrder]
0=Default
`;

/** A display with a window manager and an input method, and a keyboard for it. */
export class Display {
  readonly #folder = mkdtempSync(join(tmpdir(), "chatchat-ime-"));
  readonly #programs: ChildProcess[] = [];
  /** The environment of programs on the display. */
  env: Record<string, string> = {};

  async start(): Promise<void> {
    const config = join(this.#folder, "fcitx5");
    mkdirSync(config);
    writeFileSync(join(config, "profile"), PROFILE);
    this.env = {
      ...(process.env as Record<string, string>),
      HOME: this.#folder,
      XDG_CONFIG_HOME: this.#folder,
      XDG_RUNTIME_DIR: this.#folder,
      GTK_IM_MODULE: "fcitx",
      XMODIFIERS: "@im=fcitx",
      // Otherwise GTK takes a key before the input method has answered to the one before it, and on
      // a busy machine Enter comes after the letters that follow it.
      FCITX_ENABLE_SYNC_MODE: "1",
    };
    const screen = ["-screen", "0", "1280x900x24", "-nolisten", "tcp"];
    this.env.DISPLAY = `:${await this.#start("Xvfb", "-displayfd", "1", ...screen)}`;
    this.env.DBUS_SESSION_BUS_ADDRESS = await this.#start(
      "dbus-daemon",
      "--session",
      "--nofork",
      "--print-address=1",
    );
    void this.#start("openbox");
    void this.#start("fcitx5");
  }

  async stop(): Promise<void> {
    // The display is the first one, and ends last.
    for (const program of [...this.#programs].reverse()) {
      if (program.exitCode !== null || program.signalCode !== null) continue;
      const ended = once(program, "exit");
      program.kill(program === this.#programs[0] ? "SIGTERM" : "SIGKILL");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Clicks into a text box as a hand does, so that the browser tells the input method. */
  async focus(box: Locator): Promise<void> {
    const place = await box.evaluate((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      const frame = (window.outerWidth - window.innerWidth) / 2;
      return {
        x: window.screenX + frame + x + width / 3,
        y: window.screenY + window.outerHeight - window.innerHeight - frame + y + height / 2,
      };
    });
    await this.#xdotool("mousemove", ...[place.x, place.y].map((at) => String(Math.round(at))));
    await this.#xdotool("click", "1");
    await expect(box).toBeFocused();
    await expect.poll(async () => (await this.#ask("fcitx5-remote", "-n")).trim()).toBe("hangul");
  }

  /** Presses keys by their X names, with `delay` milliseconds between them. */
  async press(keys: readonly string[], delay = 25): Promise<void> {
    await this.#xdotool("key", "--delay", String(delay), ...keys);
  }

  async #xdotool(...command: string[]): Promise<void> {
    await run("xdotool", command, { env: this.env });
  }

  /** What a program prints; nothing if it fails, as it does before the input method is up. */
  async #ask(program: string, ...command: string[]): Promise<string> {
    return run(program, command, { env: this.env }).then(
      ({ stdout }) => stdout,
      () => "",
    );
  }

  /** Starts a program, and returns the first line that it prints. */
  async #start(program: string, ...command: string[]): Promise<string> {
    const started = spawn(program, command, { env: this.env, stdio: ["ignore", "pipe", "ignore"] });
    this.#programs.push(started);
    const [line] = await once(started.stdout as Readable, "data");
    return String(line).trim();
  }
}

export const test = base.extend<object, { display: Display }>({
  display: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
    async ({}, use) => {
      const display = new Display();
      await display.start();
      await use(display);
      await display.stop();
    },
    { scope: "worker" },
  ],
  launchOptions: [
    async ({ launchOptions, display }, use) => {
      const args = [...(launchOptions.args ?? []), "--ozone-platform=x11"];
      await use({ ...launchOptions, args, env: display.env });
    },
    { scope: "worker" },
  ],
});
