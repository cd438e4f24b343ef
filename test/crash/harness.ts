/**
 * Crash tests of the log over a disk whose power can be cut: a workload is run
 * once to count the calls that change the disk, then again with the power cut at
 * each of them, and the log is opened from what several outcomes of that cut
 * left. What must hold after each:
 *
 * 1. the log opens, and a power cut is never taken for damage; what it then shows
 *    survives another power cut at once;
 * 2. every acknowledged event is there, once, with its payload (a repeat of what
 *    was not acknowledged may happen, a hole may not);
 * 3. nothing is there that was never pushed;
 * 4. new events get higher seqs than all acknowledged ones, and become durable;
 * 5. opening again gives the same events.
 */
import assert from "node:assert/strict";
import type { Log, NewEvent } from "../../src/core/log/api.ts";
import { ZamError } from "../../src/core/errors/zam-error.ts";
import { createLog, openLog } from "../../src/core/log/open.ts";
import type { CryptoPort, FileStore } from "../../src/core/ports.ts";
import { nodeCrypto } from "../../src/storage/node-crypto.ts";
import {
  MemoryStore,
  type MemoryStoreOptions,
  SimulatedCrash,
} from "../../src/testing/memory-store.ts";
import { createSeededRandom, type SeededRandom } from "../../src/testing/seeded-random.ts";

export const nodeId = "clinic_a";
const dataKey = new Uint8Array(32).fill(7);
const epoch = 0x1234abcd;
const otherNodeId = "clinic_b";
const otherEpoch = 5;
const startMs = 1_700_000_000_000;

/** What the application was told. */
export interface Book {
  /** "lane payload" of everything that was ever handed to push, also what was never acknowledged. */
  readonly offered: Set<string>;
  /** "lane/seq" to payload of what became durable. */
  readonly acked: Map<string, string>;
  /** Checks of other facts that became durable. */
  readonly facts: ((log: Log) => void)[];
  /** True once `createLog` has returned. */
  isCreated: boolean;
}

export interface World {
  store: MemoryStore;
  log: Log;
  readonly book: Book;
  readonly random: SeededRandom;
  readonly segmentBytes: number;
  wallMs: number;
}

export interface Workload {
  readonly name: string;
  readonly segmentBytes: number;
  readonly store: MemoryStoreOptions;
  /** Cuts at every n-th call only, beginning with one that the seed chooses; default 1. */
  readonly stride?: number;
  readonly run: (world: World) => void;
}

/** Node's crypto with random bytes that a seed repeats. */
export function seededCrypto(random: SeededRandom): CryptoPort {
  return { ...nodeCrypto, randomBytes: (count) => random.bytes(count) };
}

function options(store: FileStore, random: SeededRandom, segmentBytes: number, wallMs: number) {
  return {
    store,
    crypto: seededCrypto(random),
    nodeId,
    dataKey,
    wallMs,
    segmentBytes,
    confirmed: [],
  };
}

export function newBook(): Book {
  return { offered: new Set(), acked: new Map(), facts: [], isCreated: false };
}

/** Runs a workload on a fresh store, until its end or the crash. */
export function runWorkload(
  workload: Workload,
  input: { readonly seed: number; readonly crashAt?: number },
): { readonly store: MemoryStore; readonly book: Book; readonly isCrashed: boolean } {
  const random = createSeededRandom(input.seed);
  const store = new MemoryStore(workload.store);
  store.crashAt(input.crashAt ?? Number.POSITIVE_INFINITY);
  const book = newBook();
  try {
    const log = create(store, random, workload.segmentBytes);
    book.isCreated = true;
    const { segmentBytes } = workload;
    workload.run({ store, log, book, random, segmentBytes, wallMs: startMs });
    return { store, book, isCrashed: false };
  } catch (error) {
    if (!(error instanceof SimulatedCrash)) throw error;
    return { store, book, isCrashed: true };
  }
}

function create(store: MemoryStore, random: SeededRandom, segmentBytes: number): Log {
  const log = createLog({ ...options(store, random, segmentBytes, startMs), epoch });
  store.runSyncs();
  return log;
}

/** Pushes, and notes what was promised and when it was acknowledged, perhaps before push returns. */
export function push(world: World, events: readonly NewEvent[]): void {
  const { book } = world;
  const places: (readonly [key: string, payload: string])[] = [];
  let isDurable = false;
  const acknowledge = (): void => {
    for (const [key, payload] of places) book.acked.set(key, payload);
  };
  world.wallMs += world.random.below(50);
  for (const { lane, payload } of events) book.offered.add(`${lane} ${fingerprint(payload)}`);
  const pushed = world.log.push(events, world.wallMs, (error) => {
    isDurable = error === undefined;
    if (isDurable) acknowledge();
  });
  pushed.forEach((event, at) => {
    const payload = fingerprint(events[at]?.payload ?? new Uint8Array(0));
    const key = keyOf(event.stream.lane, event.seq, event.stream.epoch);
    places.push([key, payload]);
  });
  if (isDurable) acknowledge();
}

/** A log of another node with small events, to receive from. */
export function createSource(random: SeededRandom, count: number): Log {
  const store = new MemoryStore();
  const source = createLog({
    ...options(store, random, 1024 * 1024, startMs),
    nodeId: otherNodeId,
    epoch: otherEpoch,
  });
  for (let i = 0; i < count; i++) {
    source.push([{ lane: "", type: 1, payload: random.bytes(random.below(400)) }], startMs, noop);
  }
  return source;
}

/** Hands events `from` to `to` of the source's stream to the log, and notes when they are acknowledged. */
export function receive(world: World, source: Log, from: number, to: number): void {
  const { book, log } = world;
  const stream = { node: otherNodeId, epoch: otherEpoch, lane: "" };
  const index = source.findStream(stream);
  assert.ok(index !== undefined);
  const events = source.readStream(index, from, { events: to - from + 1, bytes: 1_000_000 });
  const first = events[0];
  const last = events[events.length - 1];
  assert.ok(first !== undefined && last !== undefined);
  const places = events.map(({ seq, payload }) => {
    const print = fingerprint(payload);
    const key = keyOf("", seq, otherEpoch);
    book.offered.add(`${key.slice(0, key.lastIndexOf("/"))} ${print}`);
    return [key, print] as const;
  });
  world.wallMs += world.random.below(50);
  const range = {
    stream,
    from,
    events,
    chainBefore8: first.chainBefore.subarray(0, 8),
    chainAfter8: last.chain.subarray(0, 8),
    receivedFrom: otherNodeId,
    receivedMs: world.wallMs,
  };
  const outcome = log.receive(range, (error) => {
    if (error !== undefined) return;
    for (const [key, print] of places) book.acked.set(key, print);
    book.facts.push((later) => {
      const at = later.findStream(stream);
      assert.ok(
        at !== undefined && later.streamHead(at) >= last.seq,
        "the head is not behind an ack",
      );
      assert.deepEqual(later.chainAt(at, last.seq), last.chain);
    });
  });
  assert.ok(outcome.kind === "stored" || outcome.kind === "duplicate", outcome.kind);
}

/** Binds (node, epoch) to a key, and holds the log to it once that is durable. */
export function bind(world: World, node: string): void {
  const fingerprint32 = world.random.bytes(32);
  const mark = { kind: "bind", node, epoch: 9, fingerprint: fingerprint32 } as const;
  world.log.mark(mark, world.wallMs, (error) => {
    if (error !== undefined) return;
    world.book.facts.push((log) => assert.deepEqual(log.binding(node, 9), fingerprint32));
  });
}

function noop(): void {
  // Nobody waits for it.
}

export function reopen(world: World): void {
  world.log.close();
  world.log = openLog(options(world.store, world.random, world.segmentBytes, world.wallMs)).log;
}

export function randomEvents(
  random: SeededRandom,
  input: { readonly count: number; readonly bytesMax: number; readonly lanes: readonly string[] },
): NewEvent[] {
  return Array.from({ length: input.count }, () => ({
    lane: random.pick(input.lanes),
    type: random.below(5),
    payload: random.bytes(random.below(input.bytesMax)),
  }));
}

/** Opens what a crash left and checks the five claims. */
export function verifyAfterCrash(
  crashed: MemoryStore,
  book: Book,
  input: { readonly seed: number; readonly segmentBytes: number },
): void {
  const random = createSeededRandom(input.seed + 77);
  const open = (from: MemoryStore): Log =>
    openLog(options(from, random, input.segmentBytes, startMs + 1_000_000)).log;
  const first = open(crashed);
  assert.deepEqual(first.damages, [], "a power cut is no damage");
  assert.equal(first.readOnlyReason, undefined);
  const shown = contents(first);
  checkHeld(shown, book);
  for (const check of book.facts) check(first);

  const store = crashed.crash(random.fork());
  const log = open(store);
  assert.deepEqual(sorted(contents(log)), sorted(shown), "what an opening showed stays");
  const payload = random.bytes(100);
  let isDurable = false;
  const [pushed] = log.push([{ lane: "", type: 1, payload }], startMs, (error) => {
    assert.equal(error, undefined);
    isDurable = true;
  });
  store.runSyncs();
  assert.ok(isDurable && pushed !== undefined, "a new event becomes durable");
  const key = keyOf("", pushed.seq);
  assert.equal(book.acked.has(key), false, "no acknowledged seq is issued again");
  assert.equal(shown.has(key), false, "and none that was shown");
  const after = sorted(new Map([...shown, [key, fingerprint(payload)]]));

  const again = store.crash(random.fork());
  const reopened = open(again);
  assert.deepEqual(sorted(contents(reopened)), after, "opening again gives the same events");
  reopened.close();
  again.runSyncs();
  const last = open(again);
  assert.deepEqual(sorted(contents(last)), after, "so does opening after a clean close");
  last.close();
}

/** Cuts the power at every call of the first opening after a crash, too. */
export function verifyCrashInRecovery(
  store: MemoryStore,
  book: Book,
  input: { readonly seed: number; readonly segmentBytes: number; readonly tries: number },
): void {
  const random = createSeededRandom(input.seed);
  const probe = store.copy();
  openLog(options(probe, random.fork(), input.segmentBytes, startMs));
  const count = probe.operations.length;
  for (let attempt = 0; attempt < Math.min(input.tries, count); attempt++) {
    const at = count <= input.tries ? attempt : random.below(count);
    const victim = store.copy();
    victim.crashAt(at);
    assert.throws(
      () => openLog(options(victim, random.fork(), input.segmentBytes, startMs)),
      SimulatedCrash,
    );
    verifyAfterCrash(victim.crash(random.fork()), book, input);
  }
}

function checkHeld(held: ReadonlyMap<string, string>, book: Book): void {
  for (const [key, payload] of book.acked) {
    assert.equal(held.get(key), payload, `acknowledged ${key} is there with its payload`);
  }
  for (const [key, payload] of held) {
    const lane = key.slice(0, key.lastIndexOf("/"));
    assert.ok(book.offered.has(`${lane} ${payload}`), `${key} was pushed once`);
  }
  const heads = new Map<string, number>();
  for (const key of held.keys()) {
    const slash = key.lastIndexOf("/");
    const lane = key.slice(0, slash);
    const seq = Number(key.slice(slash + 1));
    assert.equal(seq, (heads.get(lane) ?? 0) + 1, `no hole and no repeat in lane '${lane}'`);
    heads.set(lane, seq);
  }
}

/** All events in arrival order, by "lane/seq". */
export function contents(log: Log): Map<string, string> {
  const found = new Map<string, string>();
  let ordinal = 0;
  for (;;) {
    const events = log.readArrivals(ordinal, { events: 100, bytes: 1_000_000 });
    if (events.length === 0) break;
    for (const event of events) {
      assert.ok(event.ordinal > ordinal, "ordinals rise");
      ordinal = event.ordinal;
      const key = keyOf(event.stream.lane, event.seq, event.stream.epoch);
      assert.equal(found.has(key), false, `${key} is there once`);
      found.set(key, fingerprint(wholePayload(log, event)));
    }
  }
  assert.equal(found.size, log.recordCount, "the count of readable events is right");
  return found;
}

function wholePayload(log: Log, event: ReturnType<Log["readArrivals"]>[number]): Uint8Array {
  if (!event.isFragmented) return event.payload;
  const index = log.findStream(event.stream);
  assert.ok(index !== undefined);
  const part = log.readPayload(index, event.seq, { offset: 0, sizeBytes: event.payloadSize });
  assert.ok(part, "a payload in fragments is readable");
  return part;
}

/** "lane/seq", with the epoch in front when it is not the first one. */
function keyOf(lane: string, seq: number, inEpoch = epoch): string {
  const place = `${lane}/${seq}`;
  return inEpoch === epoch ? place : `${inEpoch.toString(16)}:${place}`;
}

function fingerprint(payload: Uint8Array): string {
  return `${payload.length}:${nodeCrypto.crc32(payload).toString(16)}`;
}

function sorted(map: ReadonlyMap<string, string>): [string, string][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What became of a push on a disk that fails. */
export type PushOutcome = "durable" | "failed" | "refused" | "pending";

/** Like `push`, but errors are outcomes. */
export function tryPush(world: World, events: readonly NewEvent[]): PushOutcome {
  const before = world.book.acked.size;
  let failed = false;
  const { log } = world;
  const watched: Log = Object.create(log, {
    push: {
      value: ((list, wallMs, durable) =>
        log.push(list, wallMs, (error) => {
          failed = error !== undefined;
          durable(error);
        })) satisfies Log["push"],
    },
  });
  world.log = watched;
  try {
    push(world, events);
  } catch (error) {
    if (!(error instanceof ZamError)) throw error;
    return "refused";
  } finally {
    world.log = log;
  }
  if (failed) return "failed";
  return world.book.acked.size > before ? "durable" : "pending";
}

/** A log of one segment size on a fresh store. */
export function createWorld(input: {
  readonly seed: number;
  readonly segmentBytes: number;
  readonly store?: MemoryStore;
}): World {
  const random = createSeededRandom(input.seed);
  const store = input.store ?? new MemoryStore();
  const log = create(store, random, input.segmentBytes);
  const book = { ...newBook(), isCreated: true };
  return { store, log, book, random, segmentBytes: input.segmentBytes, wallMs: startMs };
}

let openings = 0;

/** Opens with random bytes of its own; what the disk refuses is the caller's to look at. */
export function openQuietly(store: MemoryStore, segmentBytes: number): Log | ZamError {
  try {
    return openLog(options(store, createSeededRandom(1000 + openings++), segmentBytes, startMs))
      .log;
  } catch (error) {
    if (error instanceof ZamError) return error;
    throw error;
  }
}
