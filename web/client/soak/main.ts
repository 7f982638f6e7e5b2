/**
 * The clients of the soak that use this library. `tests/soak/src/library.rs` starts this program,
 * and both write one JSON object per line: it the plan and the phases, this program the statuses of
 * the clients and at the end their records.
 */

import { createInterface } from "node:readline";
import { Browser } from "./browser.js";
import { type Fault, faults } from "./faults.js";
import { type Identity, Participant, type Phase } from "./participant.js";

type Command =
  | { type: "plan"; url: string; thinkMs: number; clients: Identity[] }
  | { type: "phase"; phase: Phase }
  | { type: "faults"; armed: Record<Fault, number> };

const ACT_MS = 20;
const STATUS_MS = 50;

let participants: Participant[] = [];

const write = (message: object): Promise<void> =>
  new Promise((resolve) => process.stdout.write(`${JSON.stringify(message)}\n`, () => resolve()));

const report = (): Promise<void> => {
  const sum = (number: (participant: Participant) => number): number =>
    participants.reduce((total, participant) => total + number(participant), 0);
  return write({
    type: "status",
    written: sum(({ recorder }) => recorder.attempts.length),
    acknowledged: sum(({ recorder }) => recorder.acknowledged),
    happened: faults.take(),
    clients: participants.map(({ isEmpty, isSettled }) => ({ isEmpty, isSettled })),
  });
};

const end = async (): Promise<void> => {
  for (const { recorder, lost } of participants)
    await write({ type: "record", lost, ...recorder.toJSON() });
  process.exit();
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command: Command = JSON.parse(line);
    if (command.type === "plan") {
      const { url, thinkMs, clients } = command;
      const browsers = new Map<string, Browser>();
      participants = clients.map((identity) => {
        const browser = browsers.get(identity.username) ?? new Browser();
        browsers.set(identity.username, browser);
        return new Participant(url, thinkMs, identity, browser);
      });
      setInterval(() => {
        for (const participant of participants) participant.act();
      }, ACT_MS);
      setInterval(report, STATUS_MS);
    } else if (command.type === "faults") {
      faults.armed = command.armed;
    } else {
      for (const participant of participants) participant.enter(command.phase);
      if (command.phase === "over") void end();
    }
  })
  // The soak has ended early.
  .on("close", () => process.exit(1));
