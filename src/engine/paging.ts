/** Pages of the log by cursor, and single events, for the hub's services. */
import { setImmediate as breathe } from "node:timers/promises";
import { isNodeId } from "../core/event.ts";
import type { Log, ReadLimit, StoredEvent } from "../core/log/api.ts";
import { cursorToOrdinal, eventToCursor, ordinalToCursor } from "./cursor.ts";
import type { BeforeLarge, EventName, EventPage, HubEvent, PageQuery } from "./hub-node.ts";
import { msToIso, pulledWith, requireRead, wholePayloadInTurns } from "./reading.ts";

/** What one synchronous read takes before the event loop runs again. */
const stepLimit: ReadLimit = { events: 256, bytes: 1024 * 1024 };
/** Events that one page looks at: with a filter that nothing fits, some tens of milliseconds. */
const lookedAtMax = 16 * 1024;

/** @throws ZamError Z605, Z615, Z621 */
export async function readPage(log: Log, query: PageQuery): Promise<EventPage> {
  let at = query.after === undefined ? 0 : cursorToOrdinal(log, query.after);
  let last: StoredEvent | undefined;
  const nodes = query.nodes === undefined ? undefined : new Set(query.nodes);
  const found: HubEvent[] = [];
  let sizeBytes = 0;
  const toPage = (isEnd: boolean): EventPage => {
    const cursor = last?.ordinal === at ? eventToCursor(log, last) : ordinalToCursor(log, at);
    return { events: found, cursor, isEnd };
  };
  for (let lookedAt = 0; lookedAt < lookedAtMax; await breathe()) {
    const newest = log.lastOrdinal;
    const events = log.readArrivals(at, stepFor(query, found.length));
    if (events.length === 0) requireRead(log);
    // What is damaged beyond the last readable event has no ordinal to wait at.
    if (events.length === 0) at = Math.max(at, newest);
    for (const event of events) {
      const isOurs = isWanted(event, query, nodes);
      if (isOurs && event.isFragmented) await query.beforeLarge?.(sizeBytes + event.payloadSize);
      const whole = isOurs ? await toHubEvent(log, event) : undefined;
      // What is at this place now is asked for again.
      if (whole === "moved") break;
      at = event.ordinal;
      last = event;
      lookedAt++;
      if (whole === undefined) continue;
      found.push(whole);
      sizeBytes += whole.payload.length;
      if (found.length >= query.limit || sizeBytes >= query.bytesMax)
        return toPage(at >= log.lastOrdinal);
    }
    if (at >= log.lastOrdinal) return toPage(true);
  }
  return toPage(false);
}

/** Without a filter every event counts: read no more than is asked for. */
function stepFor(query: PageQuery, foundCount: number): ReadLimit {
  const { nodes, type, fromMs, toMs } = query;
  if ((nodes ?? type ?? fromMs ?? toMs) !== undefined) return stepLimit;
  return { ...stepLimit, events: Math.min(stepLimit.events, query.limit - foundCount) };
}

function isWanted(
  event: StoredEvent,
  query: PageQuery,
  nodes: ReadonlySet<string> | undefined,
): boolean {
  if (nodes !== undefined && !nodes.has(event.stream.node)) return false;
  if (query.type !== undefined && event.type !== query.type) return false;
  if (query.fromMs !== undefined && event.hlc.ms < query.fromMs) return false;
  return query.toMs === undefined || event.hlc.ms < query.toMs;
}

export async function readEvent(
  log: Log,
  name: EventName,
  beforeLarge?: BeforeLarge,
): Promise<HubEvent | undefined> {
  for (;;) {
    const event = findEvent(log, name);
    if (event === undefined) return undefined;
    if (event.isFragmented) await beforeLarge?.(event.payloadSize);
    const whole = await toHubEvent(log, event);
    if (whole !== "moved") return whole;
  }
}

function findEvent(log: Log, { node, epoch, lane, seq }: EventName): StoredEvent | undefined {
  if (!isNodeId(node) || !/^[0-9a-f]{8}$/.test(epoch)) return undefined;
  const index = log.findStream({ node, epoch: Number.parseInt(epoch, 16), lane });
  if (index === undefined || seq < 1 || seq > log.streamHead(index)) return undefined;
  const event = log.readStream(index, seq, { events: 1, bytes: 1 })[0];
  if (event === undefined) requireRead(log);
  // What is held back is not given out by name either.
  return event?.seq === seq && !event.isQuarantined ? event : undefined;
}

async function toHubEvent(log: Log, event: StoredEvent): Promise<HubEvent | undefined | "moved"> {
  const payload = await wholePayloadInTurns(log, event);
  if (payload === undefined || payload === "moved") return payload;
  return { ...pulledWith(log, event, payload), received: msToIso(event.receivedMs) };
}
