/** A large event piece by piece: each piece in its place, once, and believed only as a whole. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore } from "../../testing/memory-store.ts";
import { fragmentBytesMax, payloadBytesMax, type StreamId } from "../event.ts";
import type { Log, ReceivedFragment, ReceiveOutcome } from "./api.ts";
import { chainZero, nextChain } from "./chain.ts";
import { fragmentPlacesMax } from "./event-fields.ts";
import { create, digest, epoch, event, open, pushNow } from "./log.test-kit.ts";

const stream: StreamId = { node: "clinic_b", epoch: 9, lane: "" };
const payload = new Uint8Array(30_000).map((_, i) => (i * 7) & 0xff);

interface Author {
  readonly seq: number;
  readonly before: Uint8Array;
  readonly fields: Omit<ReceivedFragment, "offset" | "bytes">;
}

/** A large event as its author wrote it. */
function authored(seq = 1, before = chainZero(nodeCrypto, stream), of = payload): Author {
  const link = { seq, hlc: { ms: 1000 + seq, counter: 2 }, type: 7, known: Uint8Array.of(0) };
  const chain = nextChain(nodeCrypto, before, { ...link, payload: of });
  const fields = {
    ...link,
    stream,
    totalBytes: of.length,
    chainBefore8: before.slice(0, 8),
    chainAfter8: chain.slice(0, 8),
    receivedFrom: "clinic_b",
    receivedMs: 1_000_000,
  };
  return { seq, before: chain, fields };
}

function send(
  log: Log,
  change: Partial<ReceivedFragment> & { readonly offset: number; readonly size?: number },
  author = authored(),
): ReceiveOutcome {
  const { size = 10_000, ...rest } = change;
  const bytes = payload.subarray(change.offset, change.offset + size);
  let calls = 0;
  const outcome = log.receiveFragment({ ...author.fields, bytes, ...rest }, (error) => {
    assert.equal(error, undefined);
    calls++;
  });
  const isDurable = outcome.kind === "stored" || outcome.kind === "duplicate";
  assert.equal(calls, isDurable ? 1 : 0, "durable is called for what is stored, and then only");
  return outcome;
}

const kinds = (log: Log, ...offsets: number[]): readonly string[] =>
  offsets.map((offset) => send(log, { offset }).kind);

const lastBytes = ({ length }: Uint8Array, count: number): readonly number[] =>
  Array.from({ length: count }, (_, at) => length - count + at);

const partialOf = (log: Log): number | undefined =>
  log.stream(log.findStream(stream) ?? 0).partialBytes;

describe("a fragment", () => {
  test("of impossible shape is malformed, says why, and stores nothing", () => {
    const wrong: readonly [Partial<ReceivedFragment>, RegExp][] = [
      [{ stream: { ...stream, node: "Not A Node" } }, /stream's name/],
      [{ stream: { ...stream, lane: "to/" } }, /stream's name/],
      [{ seq: 0 }, /seq is zero/],
      [{ receivedFrom: "" }, /deliverer's name/],
      [{ totalBytes: 0 }, /payload's size/],
      [{ totalBytes: payloadBytesMax + 1 }, /payload's size/],
      [{ bytes: new Uint8Array(0) }, /fragment's size/],
      [{ bytes: new Uint8Array(fragmentBytesMax + 1) }, /fragment's size/],
      [{ totalBytes: 9999 }, /outside its payload/],
      [{ offset: -1, bytes: Uint8Array.of(1) }, /outside its payload/],
      [{ chainBefore8: new Uint8Array(7) }, /chain is too short/],
      [{ chainAfter8: new Uint8Array(7) }, /chain is too short/],
    ];
    const log = create(new MemoryStore());
    for (const [change, problem] of wrong) {
      const outcome = send(log, { offset: 0, ...change });
      assert.ok(outcome.kind === "malformed", String(problem));
      assert.match(outcome.problem, problem);
    }
    assert.equal(log.findStream(stream), undefined);
    assert.equal(send(log, { offset: 0, size: fragmentBytesMax }).kind, "stored");
  });

  test("is taken where the last one ended, again where it lies before, and nowhere else", () => {
    const log = create(new MemoryStore());
    assert.equal(send(log, { offset: 10_000 }).kind, "gap", "before there is a first one");
    assert.deepEqual(kinds(log, 0, 0, 20_000, 10_000, 0, 10_000), [
      "stored",
      "duplicate",
      "gap",
      "stored",
      "duplicate",
      "duplicate",
    ]);
    assert.equal(send(log, { offset: 15_000, size: 5000 }).kind, "duplicate");
    const overlap = send(log, { offset: 15_000, size: 5001 });
    assert.deepEqual(overlap, { kind: "stored" }, "cut otherwise: its end is new");
    assert.equal(partialOf(log), 20_001);
    assert.equal(send(log, { offset: 20_000 }).kind, "stored");
    const index = log.findStream(stream) ?? 0;
    assert.deepEqual(log.readPayload(index, 1, { offset: 0, sizeBytes: 40_000 }), payload);
    assert.equal(log.stream(index).head, 1);
    assert.equal(partialOf(log), undefined);
    const [stored] = log.readStream(index, 1, { events: 1, bytes: 1 });
    assert.deepEqual(
      [stored?.type, stored?.hlc, stored?.receivedFrom, stored?.receivedMs],
      [7, { ms: 1001, counter: 2 }, "clinic_b", 1_000_000],
    );
  });

  test("of an event that is held is a duplicate, and of another in its place a fork", () => {
    const log = create(new MemoryStore());
    kinds(log, 0, 10_000, 20_000);
    assert.equal(send(log, { offset: 0 }).kind, "duplicate");
    const fork = send(log, { offset: 0, chainAfter8: new Uint8Array(8) });
    assert.deepEqual(fork, { kind: "fork", atSeq: 1 });
    const next = authored(2, authored().before);
    assert.equal(send(log, { offset: 0, chainBefore8: new Uint8Array(8) }, next).kind, "fork");
    assert.equal(send(log, { offset: 0 }, authored(3, authored().before)).kind, "gap");
    assert.equal(send(log, { offset: 0, hlc: { ms: 1001, counter: 2 } }, next).kind, "malformed");
    assert.equal(send(log, { offset: 0, hlc: { ms: 1001, counter: 3 } }, next).kind, "stored");
  });

  test("of a different event at the same seq begins it anew, and only at its beginning", () => {
    for (const change of [
      { totalBytes: 29_999 },
      { type: 8 },
      { hlc: { ms: 1001, counter: 3 } },
    ] as const) {
      const log = create(new MemoryStore());
      kinds(log, 0, 10_000);
      assert.equal(send(log, { offset: 20_000, size: 5000, ...change }).kind, "gap");
      assert.equal(partialOf(log), 20_000);
      assert.equal(send(log, { offset: 0, size: 5000, ...change }).kind, "stored");
      assert.equal(partialOf(log), 5000);
      assert.equal(send(log, { offset: 20_000 }).kind, "gap", "the first one is forgotten");
    }
  });

  test("goes on after a restart, and begins again when an earlier piece has rotted", () => {
    const store = new MemoryStore();
    const first = create(store, { dataKey: undefined });
    kinds(first, 0, 10_000);
    const whole = open(store.copy(), { dataKey: undefined }).log;
    assert.equal(partialOf(whole), 20_000);
    assert.deepEqual(kinds(whole, 20_000), ["stored"]);
    assert.equal(digest(whole).size, 1);

    const { log } = open(store.copy(), { dataKey: undefined });
    const disk = store.copy();
    const bytes = Buffer.from(disk.dump().get("00000001.seg") ?? []);
    const at = bytes.indexOf(payload.subarray(100, 140));
    const rotten = open(disk, { dataKey: undefined }).log;
    disk.flip("00000001.seg", at);
    assert.deepEqual(kinds(rotten, 20_000, 0, 10_000, 20_000), [
      "gap",
      "stored",
      "stored",
      "stored",
    ]);
    assert.equal(digest(rotten).size, 1);
    log.close();
  });

  test("goes on after several restarts, each from what the one before had found", () => {
    const sizes = { checkpointBytes: 1 };
    for (const isKilled of [true, false]) {
      const store = new MemoryStore();
      let log = create(store, sizes);
      for (const offset of [0, 6000, 12_000, 18_000]) {
        assert.equal(send(log, { offset, size: 6000 }).kind, "stored");
        if (!isKilled) log.close();
        const bare = store.copy();
        for (const name of bare.list()) if (name.startsWith("checkpoint")) bare.remove(name);
        const again = open(offset === 6000 ? bare : store.copy(), sizes).log;
        assert.equal(partialOf(again), offset + 6000);
        // The state that was replayed goes into a checkpoint, and comes out of it.
        for (let at = offset + 6000; at < payload.length; at += 6000)
          assert.equal(send(again, { offset: at, size: 6000 }).kind, "stored");
        assert.equal(digest(again).size, 1);
        log = open(store, sizes).log;
      }
    }
  });

  test("comes again when all pieces are there and the event's own record is not", () => {
    const store = new MemoryStore();
    const first = create(store, { dataKey: undefined });
    kinds(first, 0, 10_000);
    const before = store.dump().get("00000001.seg")?.length ?? 0;
    kinds(first, 20_000);
    const whole = store.dump().get("00000001.seg") ?? new Uint8Array(0);
    const next = authored(2, authored().before);
    const last = { offset: 20_000 };
    let torn = 0;
    // Torn behind the first two pieces, and anywhere in the event's record: what is left of it is cut.
    for (const end of [before, before + 5000, ...lastBytes(whole, 300)]) {
      const disk = store.copy();
      disk.overwrite("00000001.seg", whole.subarray(0, end));
      const { log } = open(disk, { dataKey: undefined });
      torn++;
      assert.equal(partialOf(log), 20_000, `cut at ${end}`);
      assert.equal(send(log, last).kind, "stored");
      assert.equal(digest(log).size, 1);
      assert.equal(send(log, { offset: 0 }, next).kind, "stored");
    }
    assert.equal(torn, 302);

    // Rotten below a later event: a hole, for which a peer begins at 0, with pieces of any size.
    for (const offset of [0, 10_000, 20_000])
      assert.equal(send(first, { offset }, next).kind, "stored");
    first.close();
    const disk = store.copy();
    disk.flip("00000001.seg", whole.length - 8);
    const { log } = open(disk, { dataKey: undefined });
    const index = log.findStream(stream) ?? 0;
    assert.deepEqual(log.stream(index).holes, [{ from: 1, to: 1 }]);
    for (let offset = 0; offset < payload.length; offset += 7000) send(log, { offset, size: 7000 });
    assert.deepEqual(log.stream(index).holes, []);
    assert.deepEqual(log.readPayload(index, 1, { offset: 0, sizeBytes: 40_000 }), payload);
  });

  test("of another event than the one that was lost is a fork, and does not fill the hole", () => {
    const store = new MemoryStore();
    const first = create(store, { dataKey: undefined });
    kinds(first, 0, 10_000, 20_000);
    const end = store.dump().get("00000001.seg")?.length ?? 0;
    const next = authored(2, authored().before);
    for (const offset of [0, 10_000, 20_000]) send(first, { offset }, next);
    first.close();
    store.flip("00000001.seg", end - 8);
    const { log } = open(store, { dataKey: undefined });
    const hole = [{ from: 1, to: 1 }];
    const index = log.findStream(stream) ?? 0;
    assert.deepEqual(log.stream(index).holes, hole);
    const other = authored(1, chainZero(nodeCrypto, stream), payload.subarray(0, 15_000));
    assert.equal(send(log, { offset: 0 }, other).kind, "stored");
    const last = send(log, { offset: 10_000, size: 5000 }, other);
    assert.deepEqual(last, { kind: "fork", atSeq: 1 });
    assert.deepEqual(log.stream(index).holes, hole);
    assert.equal(send(log, { offset: 10_000 }).kind, "gap", "its pieces are forgotten");
    assert.deepEqual(kinds(log, 0, 10_000, 20_000), ["stored", "stored", "stored"]);
    assert.deepEqual(log.stream(index).holes, []);
  });

  /** Seven large events, of which some have rotted; the last bytes of each event's own record do it. */
  function withRotten(...seqs: number[]) {
    const store = new MemoryStore();
    const options = { dataKey: undefined };
    const first = create(store, options);
    const authors = [authored()];
    const ends: number[] = [];
    for (let seq = 1; seq <= 7; seq++) {
      const author = authors[seq - 1];
      assert.ok(author !== undefined);
      for (const offset of [0, 10_000, 20_000]) send(first, { offset }, author);
      ends.push(store.dump().get("00000001.seg")?.length ?? 0);
      authors.push(authored(seq + 1, author.before));
    }
    first.close();
    for (const seq of seqs) store.flip("00000001.seg", (ends[seq - 1] ?? 0) - 8);
    const { log } = open(store, options);
    const index = log.findStream(stream) ?? 0;
    /** All pieces, by a peer that has not what comes before and says by which chain its event follows on. */
    const give = (seq: number): readonly string[] => {
      const author = authors[seq - 1];
      const claimedBefore = authors[seq - 2]?.before;
      assert.ok(author !== undefined && claimedBefore !== undefined);
      return [0, 10_000, 20_000].map((offset) => send(log, { offset, claimedBefore }, author).kind);
    };
    return { log, holes: () => log.stream(index).holes, give };
  }

  const stored = ["stored", "stored", "stored"];
  const gaps = ["gap", "gap", "gap"];

  test("of an event within a hole whose beginning is gone is taken at the hole's end, where it is proven", () => {
    const { log, holes, give } = withRotten(2, 3, 4, 6);
    const before = [
      { from: 2, to: 4 },
      { from: 6, to: 6 },
    ];
    assert.deepEqual(holes(), before);
    assert.deepEqual(give(3), gaps, "nothing here tells its chain");
    assert.deepEqual(holes(), before);
    assert.deepEqual(give(4), stored);
    assert.deepEqual(give(3), stored);
    assert.deepEqual(holes(), [
      { from: 2, to: 2 },
      { from: 6, to: 6 },
    ]);
    assert.equal(digest(log).size, 5);
  });

  test("at the end of a hole behind which all is lost is proven by nothing, and not taken", () => {
    const { log, holes, give } = withRotten(2, 3, 4);
    const [last] = log.readStream(log.findStream(stream) ?? 0, 5, { events: 1, bytes: 1 });
    const chain = last?.chainBefore;
    assert.ok(chain !== undefined);
    log.mark({ kind: "lost", stream, from: 4, to: 4, chain }, 1, () => {});
    assert.deepEqual(holes(), [{ from: 2, to: 3 }]);
    assert.deepEqual(give(3), gaps);
    assert.deepEqual(holes(), [{ from: 2, to: 3 }]);
  });

  test("more than a record can name is malformed, and the event may come again in larger ones", () => {
    const log = create(new MemoryStore());
    for (let offset = 0; offset < fragmentPlacesMax; offset++)
      assert.equal(send(log, { offset, size: 1 }).kind, "stored");
    assert.equal(send(log, { offset: fragmentPlacesMax, size: 1 }).kind, "malformed");
    assert.equal(partialOf(log), undefined);
    assert.deepEqual(kinds(log, 0, 10_000, 20_000), stored);
    assert.equal(digest(log).size, 1);
  });

  test("in as many pieces as a record can name is whole with the last", () => {
    const log = create(new MemoryStore());
    const zero = chainZero(nodeCrypto, stream);
    const small = authored(1, zero, payload.subarray(0, fragmentPlacesMax));
    for (let offset = 0; offset < fragmentPlacesMax; offset++)
      assert.equal(send(log, { offset, size: 1 }, small).kind, "stored");
    assert.equal(digest(log).size, 1);
  });

  test("that completes what its chain does not prove is malformed, and all of it forgotten", () => {
    const store = new MemoryStore();
    const log = create(store);
    const wrong = { chainAfter8: new Uint8Array(8) };
    for (const offset of [0, 10_000]) send(log, { offset, ...wrong });
    const outcome = send(log, { offset: 20_000, ...wrong });
    assert.equal(outcome.kind, "malformed");
    assert.equal(partialOf(log), undefined);
    for (const each of [log, open(store.copy()).log]) {
      assert.equal(partialOf(each), undefined, "also after a restart");
      assert.equal(each.recordCount, 0);
    }
    assert.deepEqual(kinds(log, 0, 10_000, 20_000), ["stored", "stored", "stored"]);
  });

  test("of this node's own current epoch, or of a frozen stream, is refused", () => {
    const log = create(new MemoryStore());
    pushNow(log, event("own"));
    const own = { node: "clinic_a", epoch, lane: "" };
    const chain8 = log.stream(0).chain.slice(0, 8);
    const next = { stream: own, seq: 2, chainBefore8: chain8, hlc: { ms: 2_000_000, counter: 0 } };
    const refused = send(log, { offset: 0, ...next });
    assert.ok(refused.kind === "refused");
    assert.equal(refused.error.code, "Z215");
    assert.match(refused.error.message, /writes there itself/);
    kinds(log, 0, 10_000, 20_000);
    const mark = { peer: "hub", peerHead: 1, peerChain: new Uint8Array(8) };
    log.mark({ kind: "freeze", stream, ...mark }, 1, () => {});
    const frozen = send(log, { offset: 0 }, authored(2, authored().before));
    assert.ok(frozen.kind === "refused");
    assert.match(frozen.error.message, /two branches/);
  });

  test("from far in the future is stored as it is, reported, and drags no clock along", () => {
    const log = create(new MemoryStore());
    const before = log.lastHlc.ms;
    const ms = 1_000_000 + 48 * 3_600_000;
    const link = { seq: 1, hlc: { ms, counter: 0 }, type: 1, known: Uint8Array.of(0) };
    const zero = chainZero(nodeCrypto, stream);
    const chain = nextChain(nodeCrypto, zero, { ...link, payload: payload.subarray(0, 100) });
    const future = { ...link, totalBytes: 100, chainAfter8: chain.slice(0, 8) };
    const outcome = send(log, { offset: 0, size: 100, ...future });
    assert.ok(outcome.kind === "stored" && (outcome.driftMs ?? 0) > 24 * 3_600_000);
    assert.ok(log.lastHlc.ms < before + 3_600_000);
  });
});
