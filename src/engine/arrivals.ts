/**
 * The log in order of arrival, a batch at a time, for what copies it elsewhere
 * (a projection): asked for from an ordinal on, so that a slow taker holds
 * nothing and nobody. Everything read here is durable.
 */
import { setImmediate as breathe } from "node:timers/promises";
import { bytesToHex } from "../core/bytes.ts";
import { encodeHlc } from "../core/clock/hlc.ts";
import { epochToText, type StreamId } from "../core/event.ts";
import { nextChain } from "../core/log/chain.ts";
import type { Log, ReadLimit, StoredEvent } from "../core/log/api.ts";
import type { AbsentRanges, ArrivalBatch, ArrivalQuery, ArrivedEvent } from "./api.ts";
import { nodeCrypto } from "../storage/node-crypto.ts";
import { nextDurable, requireRead, wholePayload, wholePayloadInTurns } from "./reading.ts";

const batchEventsMax = 4096;
/** Of payloads; a batch holds one event at least. */
const batchBytesMax = 2 * 1024 * 1024;
/** What one synchronous read takes before the event loop runs again. */
const stepLimit: ReadLimit = { events: 256, bytes: 512 * 1024 };
/** How long a call waits for news at the most, whatever was asked for. */
const arrivalWaitMsMax = 60_000;

export async function readArrivals(log: Log, query: ArrivalQuery): Promise<ArrivalBatch> {
  const eventsMax = Math.min(query.eventsMax ?? batchEventsMax, batchEventsMax);
  const waitMs = Math.min(query.waitMs ?? 0, arrivalWaitMsMax);
  const newest = log.lastOrdinal;
  const first = await gather(log, query.after, eventsMax);
  if (first.events.length > 0 || waitMs === 0) return toBatch(log, query, first);
  const patience = AbortSignal.timeout(waitMs);
  const signal = query.signal === undefined ? patience : AbortSignal.any([patience, query.signal]);
  await nextDurable(log, newest, signal);
  return toBatch(log, query, await gather(log, query.after, eventsMax));
}

interface Gathered {
  readonly events: readonly ArrivedEvent[];
  readonly isCaughtUp: boolean;
}

async function gather(log: Log, after: number, eventsMax: number): Promise<Gathered> {
  const events = new ArrivedEvents();
  for (let at = after; ; ) {
    const read = log.readArrivals(at, {
      events: Math.min(stepLimit.events, eventsMax - events.count),
      bytes: stepLimit.bytes,
      withoutChain: true,
      inSharedMemory: true,
    });
    // What the disk would not open just now is no end: it is asked for again.
    if (read.length === 0) {
      if (events.count === 0) {
        requireRead(log);
        // Nor is what a full disk hides: whoever had it before would take it for gone.
        if (log.readOnlyReason?.code === "Z204") throw log.readOnlyReason;
      }
      return { events: events.finish(), isCaughtUp: log.readRefusal === undefined };
    }
    for (const event of read) {
      if (event.payloadSize > stepLimit.bytes) {
        // A batch of its own: while it is read, what was read with it may move.
        if (events.count > 0) return { events: events.finish(), isCaughtUp: false };
        const payload = await wholePayloadInTurns(log, event);
        if (payload === "moved") break;
        at = event.ordinal;
        if (payload === undefined) break;
        events.add(event, payload);
        return { events: events.finish(), isCaughtUp: false };
      }
      const isFull = events.count > 0 && events.bytes + event.payloadSize > batchBytesMax;
      if (isFull) return { events: events.finish(), isCaughtUp: false };
      const payload = wholePayload(log, event);
      if (payload === undefined && log.readRefusal !== undefined)
        return { events: events.finish(), isCaughtUp: false };
      at = event.ordinal;
      // Damaged, and a hole from now on: it arrives again when it is healed.
      if (payload !== undefined) events.add(event, payload);
    }
    if (events.count >= eventsMax) return { events: events.finish(), isCaughtUp: false };
    await breathe();
  }
}

interface Draft extends Omit<ArrivedEvent, "chain" | "hlc"> {
  chain: string;
  hlc: string;
}

interface OpenEvent {
  /** Place in the batch. */
  readonly at: number;
  readonly event: StoredEvent;
  readonly payload: Uint8Array;
}

/** Of an event: its HLC, then its chain. */
const namesBytes = 8 + 16;

/**
 * A batch as it grows. The chain of an event stands in the record of the next one of its stream: most
 * need not be hashed. HLCs and chains become text all at once in the end: for each event alone that
 * would cost as much as reading its record.
 */
class ArrivedEvents {
  bytes = 0;
  private readonly drafts: Draft[] = [];
  /** By stream, the last event, whose chain is not known yet. */
  private readonly open = new Map<string, OpenEvent>();
  private names = Buffer.alloc(stepLimit.events * namesBytes);
  private stream: StreamText | undefined;

  get count(): number {
    return this.drafts.length;
  }

  add(event: StoredEvent, payload: Uint8Array): void {
    const at = this.drafts.length;
    const stream = this.streamOf(event.stream);
    this.drafts.push(toDraft(event, stream, payload));
    this.bytes += event.payloadSize;
    if ((at + 1) * namesBytes > this.names.length)
      this.names = Buffer.concat([this.names, Buffer.alloc(this.names.length)]);
    encodeHlc(event.hlc, this.names, at * namesBytes);
    const before = this.open.get(stream.key);
    const isNext = before !== undefined && before.event.seq === event.seq - 1;
    if (isNext && event.chain.length === 0) this.setChain(before.at, event.chainBefore);
    else if (before !== undefined) this.close(before);
    if (event.chain.length === 0) this.open.set(stream.key, { at, event, payload });
    else {
      this.setChain(at, event.chain);
      this.open.delete(stream.key);
    }
  }

  finish(): readonly ArrivedEvent[] {
    for (const last of this.open.values()) this.close(last);
    const { drafts } = this;
    const text = this.names.toString("hex", 0, drafts.length * namesBytes);
    let from = 0;
    for (const draft of drafts) {
      draft.hlc = text.slice(from, from + 16);
      draft.chain = text.slice(from + 16, from + 2 * namesBytes);
      from += 2 * namesBytes;
    }
    return drafts;
  }

  private close({ at, event, payload }: OpenEvent): void {
    this.setChain(at, nextChain(nodeCrypto, event.chainBefore, { ...event, payload }));
  }

  private setChain(at: number, chain: Uint8Array): void {
    this.names.set(chain, at * namesBytes + 8);
  }

  /** Events of one stream come one after another. */
  private streamOf(stream: StreamId): StreamText {
    if (this.stream?.id !== stream) {
      const epoch = epochToText(stream.epoch);
      this.stream = { id: stream, epoch, key: `${stream.node} ${epoch} ${stream.lane}` };
    }
    return this.stream;
  }
}

interface StreamText {
  readonly id: StreamId;
  readonly epoch: string;
  readonly key: string;
}

/** Without the names that are made in the end. */
function toDraft(event: StoredEvent, stream: StreamText, payload: Uint8Array): Draft {
  return {
    arrival: event.ordinal,
    node: event.stream.node,
    epoch: stream.epoch,
    lane: event.stream.lane,
    seq: event.seq,
    hlc: "",
    chain: "",
    type: event.type,
    tsMs: event.hlc.ms,
    receivedMs: event.receivedMs,
    payload,
  };
}

function toBatch(log: Log, query: ArrivalQuery, gathered: Gathered): ArrivalBatch {
  const batch = { nodeId: log.nodeId, logId: bytesToHex(log.logId), ...gathered };
  return query.absent === true && gathered.isCaughtUp ? { ...batch, absent: absentOf(log) } : batch;
}

/** Ranges that no reader of this log will ever get: below a floor, or lost at source. */
function absentOf(log: Log): readonly AbsentRanges[] {
  const found: AbsentRanges[] = [];
  for (let index = 0; index < log.streamCount; index++) {
    const { id, floor, lost } = log.stream(index);
    if (floor === undefined && lost.length === 0) continue;
    found.push({
      node: id.node,
      epoch: epochToText(id.epoch),
      lane: id.lane,
      floor: floor?.seq ?? 0,
      lost: lost.map(({ from, to }) => [from, to] as const),
    });
  }
  return found;
}
