/** When a session is over: not before the disk has answered for all that it was given. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ZamError } from "../core/errors/zam-error.ts";
import type { Log } from "../core/log/api.ts";
import type {
  Session,
  SessionEffect,
  SessionSummary,
  StoreOperation,
} from "../core/session/api.ts";
import { CommitScheduler } from "./commit-scheduler.ts";
import { SessionHost, type Transport, type TransportListener } from "./session-host.ts";

/** A session with three stores to make, over a log that answers when told, and takes one at a time. */
function hostWithStores() {
  const waiting: (() => void)[] = [];
  const log = {
    onDurable: () => () => undefined,
    receiveFragment(_: unknown, durable: () => void) {
      waiting.push(durable);
      return { kind: "stored" };
    },
  } as unknown as Log;
  const operation = {
    kind: "fragment",
    fragment: { bytes: new Uint8Array(600 * 1024) },
  } as unknown as StoreOperation;
  const effects: SessionEffect[] = [1, 2, 3].map((token) => ({ kind: "store", token, operation }));
  let stored = 0;
  const session = {
    handle(event: Parameters<Session["handle"]>[0]) {
      if (event.kind === "storeDurable") stored++;
      if (event.kind === "fence") effects.push({ kind: "store", token: 4, operation });
    },
    pollEffect: () => effects.shift(),
    pollTransmit: () => undefined,
    nextDeadlineMs: () => undefined,
    summary: () => ({ eventsReceived: stored }) as SessionSummary,
  } as unknown as Session;
  let listener: TransportListener | undefined;
  const transport = {
    sentBytes: 0,
    receivedBytes: 0,
    queuedBytes: 0,
    write: () => undefined,
    close: () => undefined,
    destroy: () => undefined,
    listen(heard: TransportListener) {
      listener = heard;
    },
  } as unknown as Transport;
  const ended: SessionSummary[] = [];
  const host = new SessionHost({
    session,
    transport,
    log,
    commits: new CommitScheduler(log, () => 0).open(),
    nowMs: () => 0,
    startTimer: () => () => undefined,
    savePeerState: (_, done) => done(),
    onEnded: (summary) => ended.push(summary),
  });
  host.start();
  const answer = (): void => {
    for (const durable of waiting.splice(0)) durable();
  };
  return { host, waiting, ended, answer, breakOff: () => listener?.onEnd() };
}

const revoked = new ZamError("Z414", { peer: "clinic_a" });

for (const [name, end] of [
  ["that a newer one fences", (host: SessionHost) => host.fence()],
  ["that is refused", (host: SessionHost) => host.refuse(revoked, new Uint8Array(1))],
  ["that is cut off", (host: SessionHost) => host.cutOff(revoked)],
] as const)
  test(`a session ${name} waits for what the log has taken already, and for nothing else`, () => {
    const { host, waiting, ended, answer, breakOff } = hostWithStores();
    assert.equal(waiting.length, 1, "one is with the log, two wait for their turn");
    end(host);
    breakOff();
    assert.equal(ended.length, 0, "the disk owes an answer");
    answer();
    assert.deepEqual(ended, [{ eventsReceived: 1 }]);
    assert.equal(waiting.length, 0, "nothing was given to the log afterwards");
  });

test("a session whose connection breaks stores all that had come", () => {
  const { waiting, ended, answer, breakOff } = hostWithStores();
  breakOff();
  for (let turn = 0; turn < 3; turn++) {
    assert.deepEqual([ended.length, waiting.length], [0, 1]);
    answer();
  }
  assert.deepEqual(ended, [{ eventsReceived: 3 }]);
});
