import assert from "node:assert/strict";
import { test } from "node:test";
import { ZamError } from "../core/errors/zam-error.ts";
import type { SessionSummary } from "../core/session/api.ts";
import type { SyncProgress } from "./api.ts";
import { type Attempt, type AttemptResult, runSync } from "./sync-client.ts";

function summary(fields: Partial<SessionSummary>): SessionSummary {
  return {
    eventsToSend: 0,
    eventsSent: 0,
    eventsConfirmed: 0,
    eventsReceived: 0,
    isComplete: false,
    wasResting: false,
    heldBackCount: 0,
    unansweredBytes: 0,
    remaining: 0,
    endedBy: "done",
    pingMs: [],
    ...fields,
  };
}

const lost = new ZamError("Z407", { address: "hub:7700", reason: "the other side reset it" });

function scripted(results: readonly AttemptResult[]): { attempt: Attempt; calls: number[] } {
  const calls: number[] = [];
  const attempt: Attempt = async (input) => {
    const result = results[calls.length];
    calls.push(input.bytesMax ?? -1);
    assert.ok(result !== undefined, "no more attempts were expected");
    return result;
  };
  return { attempt, calls };
}

const done: AttemptResult = {
  peer: "hub",
  summary: summary({ isComplete: true, eventsSent: 60, eventsConfirmed: 60 }),
  sentBytes: 500,
  receivedBytes: 100,
  error: undefined,
};

test("adds up what a cut session and the one after it have moved", async () => {
  const cut: AttemptResult = {
    peer: "hub",
    summary: summary({
      eventsSent: 50,
      eventsConfirmed: 40,
      remaining: 60,
      endedBy: "error",
      unansweredBytes: 300,
    }),
    sentBytes: 1000,
    receivedBytes: 200,
    error: lost,
  };
  const phases: SyncProgress[] = [];
  const { attempt, calls } = scripted([cut, done]);
  const result = await runSync({ onProgress: (progress) => phases.push(progress) }, attempt);
  assert.equal(calls.length, 2);
  assert.deepEqual(
    [result.eventsConfirmed, result.bytesSent, result.bytesReceived, result.attempts],
    [100, 1500, 300, 2],
  );
  assert.deepEqual(
    [result.bytesUnanswered, (await runSync({}, scripted([done]).attempt)).bytesUnanswered],
    [300, undefined],
  );
  assert.equal(result.complete, true);
  const waiting = phases.find((progress) => progress.phase === "waiting");
  assert.equal(waiting?.lastError?.code, "Z407");
});

test("does not try again what only a person can mend", async () => {
  const revoked = new ZamError("Z315", { nodeId: "clinic_a" });
  const { attempt, calls } = scripted([
    { peer: "", summary: undefined, sentBytes: 0, receivedBytes: 0, error: revoked },
  ]);
  await assert.rejects(runSync({}, attempt), (error) => error === revoked);
  assert.equal(calls.length, 1);
});

test("gives up with the network's reason when no session came about in time", async () => {
  const refused = new ZamError("Z402", { address: "hub:7700" });
  const attempt: Attempt = async () => ({
    peer: "",
    summary: undefined,
    sentBytes: 0,
    receivedBytes: 0,
    error: refused,
  });
  await assert.rejects(runSync({ timeoutMs: 50 }, attempt), (error) => error === refused);
});

test("hands each attempt what is left of the byte budget, and ends when it is used up", async () => {
  const cut: AttemptResult = {
    peer: "hub",
    summary: summary({ eventsConfirmed: 5, endedBy: "error", remaining: 95 }),
    sentBytes: 600,
    receivedBytes: 100,
    error: lost,
  };
  const { attempt, calls } = scripted([cut, cut]);
  const result = await runSync({ maxBytes: 1000 }, attempt);
  assert.deepEqual(calls, [1000, 300]);
  assert.equal(result.endedBy, "budget");
  assert.equal(result.complete, false);
});

test("does not ask again for what the hub has refused", async () => {
  const refused: AttemptResult = {
    peer: "hub",
    summary: summary({ eventsConfirmed: 3, remaining: 1, endedBy: "done" }),
    sentBytes: 600,
    receivedBytes: 100,
    error: undefined,
  };
  const { attempt, calls } = scripted([refused]);
  const result = await runSync({}, attempt);
  assert.equal(calls.length, 1);
  assert.deepEqual([result.complete, result.remaining], [false, 1]);
});
