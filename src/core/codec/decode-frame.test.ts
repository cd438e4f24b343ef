/** What decoders refuse: the last value that is allowed, and the first that is not. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByteReader, bytesToHex, textToUtf8 } from "../bytes.ts";
import { payloadBytesMax, typeMax } from "../event.ts";
import { sizesOf } from "./codecs.ts";
import { decodeFrame } from "./decode-frame.ts";
import { encodeFrame, tellableHistory } from "./encode-frame.ts";
import {
  type FragmentFrame,
  type Frame,
  type FrameProblem,
  frameCodes,
  type HelloFrame,
  type QuarantineNotice,
  type RangeFrame,
} from "./frame-types.ts";
import {
  ackEntriesMax,
  batchEventsMax,
  batchRawBytesMax,
  chainPointsMax,
  fragmentWireBytes,
} from "./wire-limits.ts";

const ends = { sender: "clinic_a", receiver: "hub" };
const chain8 = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const chain16 = Uint8Array.from({ length: 16 }, (_, i) => i);
const id = { node: "clinic_a", epoch: 7, lane: "" };

/** Type byte and body, without the length before them. */
function bodyOf(frame: Frame): Uint8Array {
  const reader = new ByteReader(encodeFrame(frame, ends));
  return reader.bytes(reader.varint()).slice();
}

/** "ok" when the frame comes back as it was, else what kind of problem it is. */
function verdict(frame: Frame): string {
  const decoded = decodeFrame(bodyOf(frame), ends);
  if (decoded.type === "problem") return decoded.kind;
  assert.deepEqual(decoded, frame);
  return "ok";
}

const hello: HelloFrame = {
  type: "hello",
  version: 1,
  versionOldest: 1,
  nodeId: "clinic_a",
  logId: chain16,
  wallMs: 1,
  codecs: 3,
  keepsOpen: false,
  isPingOnly: false,
  offersAll: false,
  vector: { ordinal: 1, digest: chain8 },
  entryCount: 0,
};
const range: RangeFrame = {
  type: "range",
  stream: 1,
  from: 1,
  count: 1,
  chainBefore8: chain8,
  chainAfter8: chain8,
  codec: 0,
  rawBytes: 3,
  block: Uint8Array.of(1, 2, 3),
};
const fragment: FragmentFrame = {
  type: "fragment",
  stream: 1,
  seq: 1,
  hlc: { ms: 5, counter: 6 },
  eventType: 7,
  known: Uint8Array.of(0),
  totalBytes: 100,
  offset: 0,
  chainBefore8: chain8,
  chainAfter8: chain8,
  codec: 0,
  rawBytes: 3,
  block: Uint8Array.of(1, 2, 3),
};

describe("HELLO", () => {
  test("carries each of its flags and options alone, and none", () => {
    const health = {
      version: "v".repeat(32),
      diskFreeBytes: 1,
      damagedCount: 2,
      quarantinedCount: 3,
      troubles: ["Z220", "Z517"],
      certDaysLeft: -1,
    };
    const options: Partial<HelloFrame>[] = [
      {},
      { keepsOpen: true },
      { isPingOnly: true },
      { offersAll: true },
      { receiveBytesMax: 0 },
      { base: { ordinal: 4, digest: chain8 } },
      { held: { ordinal: 5, digest: chain8 } },
      { health },
      { rateBytesPerS: 1 },
    ];
    for (const option of options) assert.equal(verdict({ ...hello, ...option }), "ok");
    const long = { ...health, version: "v".repeat(33), troubles: ["Z517", "Z220", "Z517"] };
    assert.deepEqual(decodeFrame(bodyOf({ ...hello, health: long }), ends), { ...hello, health });
    // On the wire codes of what is wrong rise, and each is one.
    const body = bodyOf({ ...hello, health });
    const at = bytesToHex(body).indexOf(bytesToHex(textToUtf8("Z220 Z517"))) / 2;
    for (const troubles of ["Z517 Z220", "Z220 Z220", "Z220 Z5x7", "Z220  Z51"]) {
      body.set(textToUtf8(troubles), at);
      assert.equal(decodeFrame(body, ends).type, "problem", troubles);
    }
  });

  test("is of a version that both sides speak, or names those that the peer does", () => {
    assert.equal(verdict({ ...hello, version: 2 }), "ok");
    const problems = [
      [0, 0, "0"],
      [3, 2, "2 to 3"],
      [2, 2, "2"],
    ] as const;
    for (const [version, versionOldest, problem] of problems) {
      const decoded = decodeFrame(bodyOf({ ...hello, version, versionOldest }), ends);
      assert.deepEqual(decoded, { type: "problem", kind: "version", problem });
    }
    for (const size of [1, 2]) {
      const cut = decodeFrame(bodyOf(hello).subarray(0, size), ends);
      assert.equal(cut.type === "problem" && cut.kind, "malformed");
    }
  });

  test("is refused with a name that no node has, codecs beyond 31 bits, or an unknown flag", () => {
    assert.equal(verdict({ ...hello, codecs: 0x7fffffff }), "ok");
    assert.equal(verdict({ ...hello, codecs: 0x80000000 }), "malformed");
    assert.equal(verdict({ ...hello, nodeId: "Clinic A" }), "malformed");
    assert.equal(verdict({ ...hello, rateBytesPerS: 0 }), "malformed");
    const flags = 3;
    const body = bodyOf(hello);
    assert.equal(body[flags], 0, "the flag byte is where the test thinks");
    body[flags] = 0x80;
    assert.equal(decodeFrame(body, ends).type, "problem");
  });
});

describe("RANGE and FRAGMENT", () => {
  test("hold as many events and bytes as a batch may, and no more", () => {
    assert.equal(verdict({ ...range, count: batchEventsMax }), "ok");
    assert.equal(verdict({ ...range, count: batchEventsMax + 1 }), "limit");
    assert.equal(verdict({ ...range, rawBytes: batchRawBytesMax }), "ok");
    assert.equal(verdict({ ...range, rawBytes: batchRawBytesMax + 1 }), "limit");
    assert.equal(verdict({ ...fragment, totalBytes: payloadBytesMax }), "ok");
    assert.equal(verdict({ ...fragment, totalBytes: payloadBytesMax + 1 }), "limit");
    const whole = { ...fragment, totalBytes: payloadBytesMax };
    assert.equal(verdict({ ...whole, rawBytes: fragmentWireBytes }), "ok");
    assert.equal(verdict({ ...whole, rawBytes: fragmentWireBytes + 1 }), "limit");
  });

  test("name seqs from 1 up to the last exact number", () => {
    assert.equal(verdict({ ...range, count: 0 }), "malformed");
    assert.equal(verdict({ ...range, from: 0 }), "malformed");
    const last = Number.MAX_SAFE_INTEGER;
    assert.equal(verdict({ ...range, from: last - 2, count: 2 }), "ok");
    assert.equal(verdict({ ...range, from: last - 1, count: 2 }), "malformed");
    assert.equal(verdict({ ...fragment, seq: 0 }), "malformed");
  });

  test("a fragment lies within its event and holds something", () => {
    assert.equal(verdict({ ...fragment, offset: 97 }), "ok");
    assert.equal(verdict({ ...fragment, offset: 98 }), "malformed");
    assert.equal(verdict({ ...fragment, rawBytes: 0, block: new Uint8Array(0) }), "malformed");
  });

  test("a fragment's clock and type are ones that an event can have", () => {
    assert.equal(verdict({ ...fragment, hlc: { ms: 5, counter: 0xffff } }), "ok");
    assert.equal(verdict({ ...fragment, hlc: { ms: 5, counter: 0x10000 } }), "malformed");
    assert.equal(verdict({ ...fragment, eventType: typeMax }), "ok");
    assert.equal(verdict({ ...fragment, eventType: typeMax + 1 }), "malformed");
  });

  test("cut short within their head are malformed, at any byte", () => {
    for (const frame of [range, fragment]) {
      const body = bodyOf(frame);
      for (let size = 1; size < body.length - frame.block.length; size++) {
        const decoded = decodeFrame(body.subarray(0, size), ends);
        assert.equal(decoded.type === "problem" && decoded.kind, "malformed", `${size} bytes`);
      }
    }
  });
});

describe("other frames", () => {
  test("ACK and CHAINS hold as many entries as they may, and no more", () => {
    const acks = (count: number): Frame => ({
      type: "ack",
      entries: Array.from({ length: count }, (_, i) => ({ stream: i, seq: 9 })),
    });
    assert.equal(verdict(acks(ackEntriesMax)), "ok");
    assert.equal(verdict(acks(ackEntriesMax + 1)), "limit");
    const chains = (count: number): Frame => ({
      type: "chains",
      id,
      head: 9,
      points: Array.from({ length: count }, (_, i) => ({ seq: i, chain8 })),
    });
    assert.equal(verdict(chains(chainPointsMax)), "ok");
    assert.equal(verdict(chains(chainPointsMax + 1)), "limit");
  });

  test("an ACK tells a whole event from a part of one, also of stream 0", () => {
    const entries = [
      { stream: 0, seq: 1 },
      { stream: 0, seq: 2, offset: 0 },
      { stream: 2 ** 40, seq: 3, offset: 4096 },
    ];
    assert.equal(verdict({ type: "ack", entries }), "ok");
  });

  test("every reason and purpose comes back, and one that does not exist is malformed", () => {
    const frames: Frame[] = [];
    for (const reason of ["gap", "fork", "stream"] as const) {
      frames.push({ type: "refused", stream: 1, reason, seq: 2, head: 3, code: 4 });
    }
    for (const reason of ["done", "budget", "finished", "fenced"] as const) {
      frames.push({ type: "bye", reason, heldOrdinal: 1 });
    }
    for (const purpose of ["hello", "update"] as const) {
      frames.push({ type: "vector", purpose, remaining: 1, entries: [] });
    }
    for (const frame of frames) assert.equal(verdict(frame), "ok", JSON.stringify(frame));
    const positions = [
      { frame: frames[0], at: 2 },
      { frame: frames[3], at: 1 },
      { frame: frames[7], at: 1 },
    ];
    for (const { frame, at } of positions) {
      const body = bodyOf(frame ?? hello);
      body[at] = 9;
      const decoded = decodeFrame(body, ends);
      assert.equal(decoded.type === "problem" && decoded.kind, "malformed", JSON.stringify(frame));
    }
  });

  test("a flag is 0 or 1, and both come back", () => {
    for (const flag of [true, false]) {
      assert.equal(verdict({ type: "done", isPartial: flag }), "ok");
      const floor = { type: "floor", stream: 0, seq: 1, chain: chain16, byOrigin: flag } as const;
      assert.equal(verdict(floor), "ok");
    }
    const body = bodyOf({ type: "done", isPartial: true });
    body[1] = 2;
    assert.equal(decodeFrame(body, ends).type, "problem");
  });

  test("a type that does not exist is malformed", () => {
    for (const code of [0, 0x14, 0xff]) {
      const decoded = decodeFrame(Uint8Array.of(code), ends);
      assert.equal(decoded.type === "problem" && decoded.kind, "malformed");
    }
  });
});

describe("a BATCH", () => {
  const batch = (flags: number, ...rest: readonly number[]): Frame | FrameProblem =>
    decodeFrame(Uint8Array.of(frameCodes.batch, flags, ...rest), ends);
  const chain8 = [1, 2, 3, 4, 5, 6, 7, 8];

  test("may tell its history in one byte up to 2,080 events", () => {
    for (const [code, count] of [
      [1, 1],
      [64, 64],
      [65, 96],
      [127, 2080],
    ] as const) {
      const frame = batch(128 + 3, code, 5, ...chain8);
      assert.ok(frame.type === "batch" && frame.history === count, `${code}`);
      assert.equal(tellableHistory(count), count);
      assert.equal(tellableHistory(count + (count < 64 ? 0 : 31)), count);
    }
  });

  test("holds as many events as its codec's may, and no more", () => {
    const whole = { type: "batch", chainAfter8: Uint8Array.from(chain8), block: chain16 } as const;
    for (const codec of [2, 3, 4, 5]) {
      const { batchEventsMax: most } = sizesOf(codec);
      assert.equal(verdict({ ...whole, codec, count: most }), "ok");
      assert.equal(verdict({ ...whole, codec, count: most + 1 }), "limit");
      assert.equal(verdict({ ...whole, codec, count: 0 }), "malformed");
    }
    assert.equal(verdict({ ...whole, codec: 6, count: 1 }), "malformed");
    assert.equal(verdict({ ...whole, codec: 1, count: 1 }), "malformed");
  });

  test("is malformed with a history of nothing, or half a start without one", () => {
    assert.equal(batch(128 + 3, 0, 5, ...chain8).type, "problem");
    assert.equal(batch(32 + 64 + 3, 1, 2, 3, 4, 5).type, "problem");
    assert.equal(batch(32 + 64 + 128 + 3, 1, 2, 3, 4, 9, 5).type, "batch");
  });
});

describe("a notice of what is held back", () => {
  const run = (change: object = {}) => ({ id, from: 1, to: 9, reason: "why", ...change });
  const notice = (total: number, runs: readonly QuarantineNotice[]): Frame => ({
    type: "quarantine",
    total,
    runs,
  });
  const hubs = { sender: "hub", receiver: "clinic_a" };

  test("names at most 32 runs, and no more than there are events", () => {
    const runs = Array.from({ length: 33 }, (_, i) => run({ from: i + 1, to: i + 1 }));
    assert.equal(verdict(notice(100, runs.slice(0, 32))), "ok");
    assert.equal(verdict(notice(32, runs.slice(0, 32))), "ok");
    assert.equal(verdict(notice(31, runs.slice(0, 32))), "malformed");
    const sent = decodeFrame(bodyOf(notice(100, runs)), ends);
    assert.ok(sent.type === "quarantine" && sent.runs.length === 32 && sent.total === 100);
    const body = bodyOf(notice(100, runs.slice(0, 32)));
    const at = body.indexOf(32);
    const over = body.slice();
    over[at] = 33;
    assert.equal(decodeFrame(over, ends).type, "problem");
  });

  test("is of seqs that can be, with a reason of 200 characters at most", () => {
    assert.equal(verdict(notice(0, [])), "ok");
    assert.equal(verdict(notice(1, [run({ from: 0, to: 0 })])), "malformed");
    const last = Number.MAX_SAFE_INTEGER;
    assert.equal(verdict(notice(1, [run({ from: last, to: last })])), "ok");
    assert.equal(verdict(notice(1, [run({ from: last - 1, to: last + 1 })])), "malformed");
    assert.equal(verdict(notice(1, [run({ reason: "\u00e9".repeat(200) })])), "ok");
    const long = encodeFrame(notice(1, [run({ reason: "x".repeat(201) })]), hubs);
    const short = encodeFrame(notice(1, [run({ reason: "x".repeat(200) })]), hubs);
    assert.deepEqual(long, short);
  });
});

test("DONE says only that something is kept back", () => {
  const done = (...body: readonly number[]): Frame | FrameProblem =>
    decodeFrame(Uint8Array.of(frameCodes.done, ...body), ends);
  assert.deepEqual(done(), { type: "done", isPartial: false });
  assert.deepEqual(done(1), { type: "done", isPartial: true });
  for (const body of [[0], [2], [1, 1]]) assert.equal(done(...body).type, "problem");
});
