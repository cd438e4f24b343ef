/**
 * The log in order of arrival, a batch at a time, for what copies it elsewhere
 * (a projection): asked for from an ordinal on, so that a slow taker holds
 * nothing and nobody. Everything read here is durable.
 */
import { setImmediate as breathe } from "node:timers/promises";
import { hlcToText } from "../core/clock/hlc.ts";
import { epochToText } from "../core/event.ts";
import type { Log, ReadLimit, StoredEvent } from "../core/log/api.ts";
import type { AbsentRanges, ArrivalBatch, ArrivalQuery, ArrivedEvent } from "./api.ts";
import { nextDurable, requireRead, wholePayload } from "./reading.ts";

const batchEventsMax = 4096;
/** Of payloads; a batch holds one event at least. */
const batchBytesMax = 2 * 1024 * 1024;
/** What one synchronous read takes before the event loop runs again. */
const stepLimit: ReadLimit = { events: 256, bytes: 512 * 1024 };
/** How long a call waits for news at the most, whatever was asked for. */
export const arrivalWaitMsMax = 60_000;

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
  const events: ArrivedEvent[] = [];
  let bytes = 0;
  for (let at = after; ; ) {
    const limit = {
      events: Math.min(stepLimit.events, eventsMax - events.length),
      bytes: stepLimit.bytes,
    };
    const read = log.readArrivals(at, limit);
    if (read.length === 0) {
      if (events.length === 0) requireRead(log);
      return { events, isCaughtUp: log.readRefusal === undefined };
    }
    for (const event of read) {
      const isFull = events.length > 0 && bytes + event.payloadSize > batchBytesMax;
      if (isFull) return { events, isCaughtUp: false };
      at = event.ordinal;
      const payload = wholePayload(log, event);
      // Damaged, and a hole from now on: it arrives again when it is healed.
      if (payload === undefined) continue;
      events.push(toArrived(event, payload));
      bytes += event.payloadSize;
    }
    if (events.length >= eventsMax) return { events, isCaughtUp: false };
    await breathe();
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

function toArrived(event: StoredEvent, payload: Uint8Array): ArrivedEvent {
  return {
    arrival: event.ordinal,
    node: event.stream.node,
    epoch: epochToText(event.stream.epoch),
    lane: event.stream.lane,
    seq: event.seq,
    hlc: hlcToText(event.hlc),
    chain: hex(event.chain),
    type: event.type,
    tsMs: event.hlc.ms,
    receivedMs: event.receivedMs,
    payload,
  };
}

function toBatch(log: Log, query: ArrivalQuery, gathered: Gathered): ArrivalBatch {
  const batch = { nodeId: log.nodeId, logId: hex(log.logId), ...gathered };
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
