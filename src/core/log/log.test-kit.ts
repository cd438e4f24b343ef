/** What the tests of the log share: a clinic's log over a memory store, and digests of it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import type { MemoryStore } from "../../testing/memory-store.ts";
import type { ZamError } from "../errors/zam-error.ts";
import type { StreamId } from "../event.ts";
import type { ConfirmedHead, Log, Mark, NewEvent, PushedEvent } from "./api.ts";
import { createLog, type OpenedLog, openLog } from "./open.ts";

export const dataKey = new Uint8Array(32).fill(7);
export const epoch = 0x1234;

export interface KitOptions {
  readonly nodeId?: string;
  readonly dataKey?: Uint8Array | undefined;
  readonly segmentBytes?: number;
  readonly checkpointBytes?: number;
  readonly confirmed?: readonly ConfirmedHead[];
  readonly readOnly?: boolean;
  readonly wallMs?: number;
}

function toInput(store: MemoryStore, options: KitOptions) {
  const key = "dataKey" in options ? options.dataKey : dataKey;
  return {
    store,
    crypto: nodeCrypto,
    nodeId: options.nodeId ?? "clinic_a",
    wallMs: options.wallMs ?? 1_000_000,
    ...(key === undefined ? {} : { dataKey: key }),
    ...(options.checkpointBytes === undefined ? {} : { checkpointBytes: options.checkpointBytes }),
    ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
  };
}

export function create(store: MemoryStore, options: KitOptions = {}): Log {
  return createLog({ ...toInput(store, options), epoch });
}

export function open(store: MemoryStore, options: KitOptions = {}): OpenedLog {
  return openLog({
    ...toInput(store, options),
    confirmed: options.confirmed ?? [],
    readOnly: options.readOnly ?? false,
  });
}

export function event(text: string, options: Partial<NewEvent> = {}): NewEvent {
  return { lane: "", type: 1, payload: new TextEncoder().encode(text), ...options };
}

/** Pushes over a store whose syncs are immediate, and returns what was acknowledged. */
export function pushNow(log: Log, ...events: NewEvent[]): readonly PushedEvent[] {
  const outcome: { now: ZamError | "acked" | "open" } = { now: "open" };
  const pushed = log.push(events, 1_000_000, (error) => {
    outcome.now = error ?? "acked";
  });
  if (outcome.now === "open") throw new Error("the push was not answered at once");
  if (outcome.now !== "acked") throw outcome.now;
  return pushed;
}

export function pushMany(log: Log, count: number, from = 1): void {
  for (let i = from; i < from + count; i++) pushNow(log, event(`event ${i}`));
}

/** Marks over a store whose syncs are immediate. */
export function markNow(log: Log, mark: Mark): void {
  let isDurable = false;
  log.mark(mark, 1_000_000, (error) => {
    assert.equal(error, undefined);
    isDurable = true;
  });
  assert.ok(isDurable);
}

export function streamName(stream: StreamId): string {
  return `${stream.node}/${stream.epoch.toString(16)}/${stream.lane}`;
}

/** Every readable event: "node/epoch/lane/seq" to the SHA-256 of its payload. */
export function digest(log: Log): Map<string, string> {
  const found = new Map<string, string>();
  for (let index = 0; index < log.streamCount; index++) {
    const { head, id } = log.stream(index);
    for (let seq = 1; seq <= head; ) {
      const events = log.readStream(index, seq, { events: 50, bytes: 1 << 20 });
      for (const stored of events) {
        const bytes = stored.isFragmented
          ? log.readPayload(index, stored.seq, { offset: 0, sizeBytes: stored.payloadSize })
          : stored.payload;
        if (bytes !== undefined) found.set(`${streamName(id)}/${stored.seq}`, sha(bytes));
      }
      seq = events.length > 0 ? seq + events.length : seq + 1;
    }
  }
  return found;
}

/** The same by arrival; each event once, in rising ordinals. */
export function arrivals(log: Log): readonly string[] {
  const names: string[] = [];
  let after = 0;
  for (;;) {
    const events = log.readArrivals(after, { events: 7, bytes: 1 << 20 });
    if (events.length === 0) return names;
    for (const stored of events) {
      assert.ok(stored.ordinal > after, "ordinals rise");
      after = stored.ordinal;
      names.push(`${streamName(stored.stream)}/${stored.seq}`);
    }
  }
}

export function sha(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

export function mapsEqual(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): void {
  assert.deepEqual([...a].sort(), [...b].sort());
}

/** Everything in `part` is in `whole`, with the same value. */
export function assertIncludes(
  whole: ReadonlyMap<string, string>,
  part: ReadonlyMap<string, string>,
  message = "",
): void {
  for (const [name, value] of part) assert.equal(whole.get(name), value, `${name} ${message}`);
}

/** The last segment's file. */
export function lastSegment(store: MemoryStore): string {
  const names = store.list().filter((name) => name.endsWith(".seg"));
  return names.sort()[names.length - 1] ?? "";
}

/** Lets the first stream go up to `seq`, and gives the room back: segments are written anew. */
export function cutAndReclaim(log: Log, seq: number): void {
  log.cut([{ index: 0, seq, byOrigin: true }], 1_000_000, (error) =>
    assert.equal(error, undefined),
  );
  const work = log.reclaim(1_000_000);
  for (let isMore = true; isMore; )
    work.step((step) => {
      isMore = step === "more";
    });
}
