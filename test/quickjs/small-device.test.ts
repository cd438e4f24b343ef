/**
 * The small device's claim, tried out: QuickJS with 3 MB of memory opens a log
 * of a million events, pushes, reads from the middle, and syncs with a hub.
 *
 * Node writes the log through the same core. The hub's end of the session runs
 * on Node; frames are carried by hand. Both logs are encrypted.
 *
 * `QUICKJS_EVENTS=100000` for a quick look: writing a million takes 25 s and 320 MB of disk.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { Log, NewEvent } from "../../src/core/log/api.ts";
import { createLog, openLog } from "../../src/core/log/open.ts";
import { createSession } from "../../src/core/session/session.ts";
import { nodeCompressor } from "../../src/storage/node-compressor.ts";
import { nodeCrypto } from "../../src/storage/node-crypto.ts";
import { makeDirectory, NodeStore } from "../../src/storage/node-store.ts";
import { bundleGuest } from "./bundle.ts";
import { SessionPump } from "./guest/session-pump.ts";
import { Guest, toBuffer } from "./host.ts";
import { MemoryRoom } from "./memory-room.ts";

const eventCount = Number(process.env.QUICKJS_EVENTS ?? 1_000_000);
const memoryLimitBytes = 3 * 1024 * 1024;
/** Events at the end of the device's log that the hub does not have before the session. */
const backlog = 300;
const payloadBytes = 200;
const batchEvents = 10_000;

const nowMs = Date.UTC(2026, 4, 1);
const clinicKey = new Uint8Array(32).fill(11);
const hubKey = new Uint8Array(32).fill(22);

function payloadOf(seq: number): Uint8Array {
  const text = `{"patient_id":"BT-${seq % 9973}","event":"visit","seq":${seq},"note":"`;
  const bytes = new Uint8Array(payloadBytes).fill(0x61);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  bytes[payloadBytes - 2] = 0x22;
  bytes[payloadBytes - 1] = 0x7d;
  return bytes;
}

const folder = mkdtempSync(join(tmpdir(), "zamsync-quickjs-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A clinic's log, and a hub that has held and expired all of it but the backlog. */
async function writeLogs(): Promise<{ readonly clinic: NodeStore; readonly hub: Log }> {
  for (const name of ["clinic", "hub"]) makeDirectory(join(folder, name));
  const clinicStore = new NodeStore(join(folder, "clinic"));
  const clinic = createLog({
    store: clinicStore,
    crypto: nodeCrypto,
    nodeId: "clinic_a",
    epoch: 7,
    dataKey: clinicKey,
    wallMs: nowMs,
  });
  for (let from = 1; from <= eventCount; from += batchEvents) {
    const events: NewEvent[] = [];
    for (let seq = from; seq < from + batchEvents && seq <= eventCount; seq++) {
      events.push({ lane: "", type: 1, payload: payloadOf(seq) });
    }
    await durable((done) => clinic.push(events, nowMs + from, done));
  }
  const hub = createLog({
    store: new NodeStore(join(folder, "hub")),
    crypto: nodeCrypto,
    nodeId: "hub",
    epoch: 9,
    dataKey: hubKey,
    wallMs: nowMs,
  });
  const seq = eventCount - backlog;
  const chain = clinic.chainAt(0, seq);
  assert.ok(chain !== undefined);
  const floor = { seq, chain, byOrigin: false };
  await durable((done) =>
    hub.mark({ kind: "floor", stream: clinic.stream(0).id, floor }, nowMs, done),
  );
  clinic.close();
  return { clinic: clinicStore, hub };
}

function durable(act: (done: (error?: Error) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    act((error) => (error === undefined ? resolve() : reject(error)));
  });
}

describe("a small device", () => {
  test(`opens ${eventCount} events, pushes and syncs in 3 MB`, async (t) => {
    const started = performance.now();
    const { clinic, hub } = await writeLogs();
    t.diagnostic(`both logs written in ${seconds(started)} s`);

    const room = await MemoryRoom.create(memoryLimitBytes);
    const guest = await Guest.create({ quickJs: room.quickJs, store: clinic });
    const say = (what: string, since: number): void =>
      t.diagnostic(
        `${what}: ${seconds(since)} s, ${kib(guest.usedBytes())} in use, peak ${kib(room.peakBytes())}`,
      );
    let step = performance.now();
    const device = `import "./test/quickjs/guest/small-device.ts";`;
    const code = await bundleGuest({ code: device, minify: true });
    step = performance.now();
    guest.run(code, "device.js");
    say(`the core (${kib(code.length)} of script) loaded`, step);
    // Reading a script takes more memory than running it; the device's comes compiled.
    room.repaint();

    step = performance.now();
    const opened = guest.call("openDevice", "clinic_a", toBuffer(clinicKey), nowMs + 1e6);
    assert.equal(JSON.parse(String(opened)).recordCount, eventCount);
    say("log opened", step);

    step = performance.now();
    for (let i = 1; i <= 20; i++) {
      const payload = toBuffer(payloadOf(eventCount + i));
      assert.equal(guest.call("pushEvent", payload, nowMs + 1e6 + i), eventCount + i);
    }
    say("20 events pushed", step);

    step = performance.now();
    for (const seq of [1, Math.floor(eventCount / 2), eventCount + 20]) {
      const payload = guest.call("readPayload", seq);
      assert.ok(payload instanceof ArrayBuffer);
      assert.deepEqual(new Uint8Array(payload), payloadOf(seq));
    }
    say("3 events read, first, middle and last", step);

    step = performance.now();
    const carried = await syncWithHub(guest, hub);
    say(`${backlog + 20} events synced, ${carried} bytes of frames`, step);

    const stream = hub.findStream({ node: "clinic_a", epoch: 7, lane: "" });
    assert.ok(stream !== undefined);
    assert.equal(hub.streamHead(stream), eventCount + 20);
    const limit = { events: backlog + 20, bytes: 1 << 20 };
    const arrived = hub.readStream(stream, eventCount - backlog + 1, limit);
    assert.equal(arrived.length, backlog + 20);
    for (const event of arrived) assert.deepEqual(event.payload, payloadOf(event.seq));

    guest.call("closeDevice");
    say("log closed", step);
    // The limit holds by itself: beyond it every allocation fails. What is in use has the functions' source
    // in it, which is not on the device: that is the room to spare.
    assert.ok(room.peakBytes() < memoryLimitBytes);
    guest.dispose();
    room.dispose();
    hub.close();

    const again = openLog({
      store: new NodeStore(join(folder, "clinic")),
      crypto: nodeCrypto,
      nodeId: "clinic_a",
      dataKey: clinicKey,
      wallMs: nowMs,
      confirmed: [],
    });
    assert.equal(again.log.recordCount, eventCount + 20);
    assert.deepEqual(again.recovery.reports, []);
    again.log.close();
  });
});

/** One session, the guest as clinic; returns the bytes of all frames. */
async function syncWithHub(guest: Guest, hub: Log): Promise<number> {
  let now = nowMs + 2e6;
  const fingerprint = new Uint8Array(32).fill(5);
  const hubSession = createSession({
    options: {
      isInitiator: false,
      self: { nodeId: "hub", role: "hub" },
      peer: { nodeId: "clinic_a", role: "clinic", keyFingerprint: new Uint8Array(32).fill(6) },
      policy: "own",
      peerState: undefined,
      keepOpen: false,
    },
    log: hub,
    crypto: nodeCrypto,
    compressor: nodeCompressor,
    nowMs: now,
  });
  const hubEnd = new SessionPump(hubSession, hub);
  guest.call("startSession", "clinic_a", "hub", toBuffer(fingerprint), now);
  hubEnd.feed({ kind: "start" }, now);
  let carried = 0;
  for (let idle = 0; idle < 200; idle++) {
    now += 1;
    for (;;) {
      const frame = guest.call("nextFrame", now);
      if (!(frame instanceof ArrayBuffer)) break;
      carried += frame.byteLength;
      idle = 0;
      hubEnd.feed({ kind: "bytes", bytes: new Uint8Array(frame) }, now);
    }
    for (let frame = hubEnd.next(now); frame !== undefined; frame = hubEnd.next(now)) {
      carried += frame.length;
      idle = 0;
      guest.call("feedSession", toBuffer(frame), now);
    }
    const state = JSON.parse(String(guest.call("sessionState")));
    if (state.isClosed && hubEnd.isClosed && hubEnd.openStores === 0) {
      assert.equal(state.closedBy, undefined);
      assert.equal(hubEnd.closedBy, undefined);
      assert.deepEqual(state.reports, []);
      assert.equal(state.summary.isComplete, true);
      assert.equal(hubSession.summary().isComplete, true);
      return carried;
    }
    // The hub's disk answers between turns.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error(`no end: ${String(guest.call("sessionState"))}`);
}

function kib(bytes: number): string {
  return `${Math.ceil(bytes / 1024)} KiB`;
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
