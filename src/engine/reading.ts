/**
 * Reading the log for people and applications: arrival order with a cursor,
 * global order, and the audit listing. Everything read here is durable.
 */
import { setImmediate as breathe } from "node:timers/promises";
import { hlcToText } from "../core/clock/hlc.ts";
import { bytesEqual, bytesToHex } from "../core/bytes.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import { epochToText, fragmentBytesMax } from "../core/event.ts";
import type { Log, ReadLimit, StoredEvent } from "../core/log/api.ts";
import type { CryptoPort } from "../core/ports.ts";
import { compareEvents } from "../core/vector/compare.ts";
import type { AuditQuery, AuditRow, PulledEvent, PullQuery } from "./api.ts";
import { cursorToOrdinal, eventToCursor } from "./cursor.ts";

/** Events a `pull` returns when no limit is given. */
const pullLimitDefault = 1000;
/** What one synchronous read takes before the event loop runs again: a long listing holds up nobody's session. */
const stepLimit: ReadLimit = { events: 256, bytes: 1024 * 1024 };

/** Latest instant that a JavaScript Date can show. */
const dateMsMax = 8_640_000_000_000_000;

export function msToIso(ms: number): string {
  return new Date(Math.min(ms, dateMsMax)).toISOString();
}

/** Each part costs a look at the list of all pieces: a thousand looks took longer than the pieces themselves. */
const partBytes = 32 * fragmentBytesMax;

/** The whole payload, put together from its fragments where it has any; undefined when part of it is damaged. */
export function wholePayload(log: Log, event: StoredEvent): Uint8Array | undefined {
  if (!event.isFragmented) return event.payload;
  const whole = new Uint8Array(event.payloadSize);
  return eachPart(log, event, (part, offset) => whole.set(part, offset)) ? whole : undefined;
}

/**
 * The same a part at a time, so that 16 MiB keep nobody else waiting. "moved": meanwhile
 * another event, or none, is where this one was, and nothing that was read counts.
 */
export async function wholePayloadInTurns(
  log: Log,
  event: StoredEvent,
): Promise<Uint8Array | undefined | "moved"> {
  if (event.payloadSize <= partBytes) return wholePayload(log, event);
  const whole = new Uint8Array(event.payloadSize);
  let isWhole = true;
  for (let offset = 0; isWhole && offset < event.payloadSize; offset += partBytes) {
    const part = readPart(log, event, offset);
    if (part === undefined) isWhole = false;
    else whole.set(part, offset);
    await breathe();
  }
  if (!isStillThere(log, event)) return "moved";
  return isWhole ? whole : undefined;
}

/** Its chain covers all of it, and what has left its place never comes back to it. */
function isStillThere(log: Log, { stream, seq, chain }: StoredEvent): boolean {
  const index = log.findStream(stream);
  const now = index === undefined ? undefined : log.chainAt(index, seq);
  requireRead(log);
  return now !== undefined && bytesEqual(now, chain);
}

function eachPart(
  log: Log,
  event: StoredEvent,
  take: (part: Uint8Array, offset: number) => void,
): boolean {
  for (let offset = 0; offset < event.payloadSize; offset += partBytes) {
    const part = readPart(log, event, offset);
    if (part === undefined) return false;
    take(part, offset);
  }
  return true;
}

/** @throws ZamError Z206, Z208 where the disk would not let it be read just now */
function readPart(log: Log, event: StoredEvent, offset: number): Uint8Array | undefined {
  const index = log.findStream(event.stream);
  if (index === undefined) return undefined;
  const sizeBytes = Math.min(partBytes, event.payloadSize - offset);
  const part = log.readPayload(index, event.seq, { offset, sizeBytes });
  if (part === undefined) requireRead(log);
  return part;
}

function isWanted(
  event: StoredEvent,
  query: { readonly node?: string; readonly type?: number },
): boolean {
  if (query.node !== undefined && event.stream.node !== query.node) return false;
  return query.type === undefined || event.type === query.type;
}

function toPulled(log: Log, event: StoredEvent): PulledEvent | undefined {
  const payload = wholePayload(log, event);
  return payload && pulledWith(log, event, payload);
}

/** An event as readers see it, with its whole payload. */
export function pulledWith(log: Log, event: StoredEvent, payload: Uint8Array): PulledEvent {
  return {
    cursor: eventToCursor(log, event),
    node: event.stream.node,
    epoch: epochToText(event.stream.epoch),
    lane: event.stream.lane,
    seq: event.seq,
    hlc: hlcToText(event.hlc),
    ts: msToIso(event.hlc.ms),
    type: event.type,
    payload,
  };
}

/** Durable events after an ordinal, a step at a time; ends at the newest one. */
function* arrivals(
  log: Log,
  afterOrdinal: number,
  options: { readonly withQuarantined?: boolean } = {},
): Generator<StoredEvent> {
  for (let at = afterOrdinal; ; ) {
    const events = log.readArrivals(at, { ...stepLimit, ...options });
    for (const event of events) {
      at = event.ordinal;
      yield event;
    }
    if (events.length === 0) return requireRead(log);
  }
}

/**
 * Nobody may take for the end, or for damage, what the disk refused to show for a moment.
 * @throws ZamError Z206, Z208
 */
export function requireRead(log: Log): void {
  if (log.readRefusal !== undefined) throw log.readRefusal;
}

/** Every readable event in the global order: (hlc, node, epoch, lane, seq). */
export function* globalOrder(log: Log): Generator<StoredEvent> {
  const sources = Array.from({ length: log.streamCount }, (_, index) => streamEvents(log, index));
  const heads: { event: StoredEvent; source: Generator<StoredEvent> }[] = [];
  for (const source of sources) {
    const first = source.next();
    if (!first.done) heads.push({ event: first.value, source });
  }
  heads.sort((a, b) => compareEvents(a.event, b.event));
  while (heads.length > 0) {
    const least = heads.shift();
    if (least === undefined) return;
    yield least.event;
    const next = least.source.next();
    if (next.done) continue;
    const moved = { event: next.value, source: least.source };
    heads.splice(insertionPoint(heads, moved.event), 0, moved);
  }
}

function insertionPoint(
  heads: readonly { readonly event: StoredEvent }[],
  event: StoredEvent,
): number {
  let low = 0;
  let high = heads.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = heads[middle];
    if (other !== undefined && compareEvents(other.event, event) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One stream's readable events in seq order, over holes, lost ranges and the floor. */
function* streamEvents(log: Log, index: number): Generator<StoredEvent> {
  let seq = (log.stream(index).floor?.seq ?? 0) + 1;
  while (seq <= log.streamHead(index)) {
    const events = log.readStream(index, seq, { events: 64, bytes: 256 * 1024 });
    for (const event of events) if (!event.isQuarantined) yield event;
    const last = events[events.length - 1];
    if (last === undefined) requireRead(log);
    seq = last === undefined ? nextReadable(log, index, seq) : last.seq + 1;
  }
}

function nextReadable(log: Log, index: number, seq: number): number {
  const state = log.stream(index);
  const gaps = [...state.holes, ...state.lost];
  const inGap = gaps.find((gap) => gap.from <= seq && seq <= gap.to);
  return inGap === undefined ? seq + 1 : inGap.to + 1;
}

export async function pull(log: Log, query: PullQuery): Promise<readonly PulledEvent[]> {
  const limit = query.limit ?? pullLimitDefault;
  const found: PulledEvent[] = [];
  if (query.order === "hlc" && query.since !== undefined)
    throw new ZamError("Z101", {
      problem: "--order hlc takes no --since",
      suggestion: "cursors follow the order of arrival; leave one of the two out",
    });
  const source =
    query.order === "hlc"
      ? globalOrder(log)
      : arrivals(log, query.since === undefined ? 0 : cursorToOrdinal(log, query.since));
  let steps = 0;
  for (const event of source) {
    if (found.length >= limit) break;
    if (++steps % stepLimit.events === 0) await breathe();
    if (!isWanted(event, query)) continue;
    const pulled = toPulled(log, event);
    if (pulled !== undefined) found.push(pulled);
  }
  return found;
}

/** `pull` as a stream; with `follow` it waits for more until the signal aborts. */
export async function* follow(
  log: Log,
  query: PullQuery & { readonly follow?: boolean; readonly signal?: AbortSignal },
): AsyncGenerator<PulledEvent> {
  if (query.order === "hlc") {
    yield* await pull(log, { ...query, limit: query.limit ?? Number.MAX_SAFE_INTEGER });
    return;
  }
  let at = query.since === undefined ? 0 : cursorToOrdinal(log, query.since);
  let left = query.limit ?? Number.MAX_SAFE_INTEGER;
  while (left > 0 && query.signal?.aborted !== true) {
    const newest = log.lastOrdinal;
    const events = log.readArrivals(at, stepLimit);
    if (events.length === 0) requireRead(log);
    // What is damaged beyond the last readable event has no ordinal to wait at.
    if (events.length === 0) at = Math.max(at, newest);
    for (const event of events) {
      at = event.ordinal;
      if (left === 0 || !isWanted(event, query)) continue;
      const pulled = toPulled(log, event);
      if (pulled === undefined) continue;
      left--;
      yield pulled;
    }
    await breathe();
    if (at < log.lastOrdinal) continue;
    if (query.follow !== true) return;
    await nextDurable(log, at, query.signal);
  }
}

/** Resolves when something newer than `after` is durable, or the signal has aborted. */
export async function nextDurable(
  log: Log,
  after: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (log.lastOrdinal > after || signal?.aborted === true) return;
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      stop();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const stop = log.onDurable((lastOrdinal) => {
      if (lastOrdinal > after) finish();
    });
    signal?.addEventListener("abort", finish);
  });
}

function payloadSha256(log: Log, crypto: CryptoPort, event: StoredEvent): string {
  if (!event.isFragmented) return bytesToHex(crypto.sha256(event.payload));
  const hash = crypto.createSha256();
  const isWhole = eachPart(log, event, (part) => hash.update(part));
  return isWhole ? bytesToHex(hash.digest()) : "";
}

/** The audit listing, in arrival order. `tail` without filters reads only the end of the log. */
export async function* audit(
  log: Log,
  crypto: CryptoPort,
  query: AuditQuery,
): AsyncGenerator<AuditRow> {
  const sinceMs = query.since === undefined ? 0 : Date.parse(query.since);
  const untilMs = query.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(query.until);
  const isInside = (event: StoredEvent): boolean =>
    isWanted(event, query) && event.hlc.ms >= sinceMs && event.hlc.ms <= untilMs;

  let left = query.head ?? Number.MAX_SAFE_INTEGER;
  const source =
    query.tail === undefined
      ? arrivals(log, 0, { withQuarantined: true })
      : tailOf(log, query.tail, isInside);
  const reasons = quarantineReasons(log);
  let steps = 0;
  for (const event of source) {
    if (left === 0) return;
    if (!isInside(event)) continue;
    left--;
    if (++steps % stepLimit.events === 0) await breathe();
    yield {
      ts: msToIso(event.hlc.ms),
      hlc: hlcToText(event.hlc),
      node: event.stream.node,
      epoch: epochToText(event.stream.epoch),
      lane: event.stream.lane,
      seq: event.seq,
      type: event.type,
      size: event.payloadSize,
      sha256: payloadSha256(log, crypto, event),
      chain: bytesToHex(event.chain),
      received: msToIso(event.receivedMs),
      ...(event.isQuarantined ? { quarantined: reasons.at(event) } : {}),
    };
  }
}

/** Looked up only for events that are held back, of which there are few. */
function quarantineReasons(log: Log): { at(event: StoredEvent): string } {
  return {
    at: ({ stream, seq }) =>
      log
        .quarantined(stream.node)
        .find(
          (run) =>
            run.stream.epoch === stream.epoch &&
            run.stream.lane === stream.lane &&
            run.from <= seq &&
            seq <= run.to,
        )?.reason ?? "",
  };
}

function tailOf(
  log: Log,
  count: number,
  isInside: (event: StoredEvent) => boolean,
): readonly StoredEvent[] {
  for (let span = Math.max(16, count); ; span *= 4) {
    const after = Math.max(0, log.lastOrdinal - span);
    const found: StoredEvent[] = [];
    for (const event of arrivals(log, after, { withQuarantined: true })) {
      if (!isInside(event)) continue;
      found.push(event);
      if (found.length > count) found.shift();
    }
    if (found.length >= count || after === 0) return found;
  }
}
