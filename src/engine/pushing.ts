/**
 * Pushing: checks at the edge, then groups for the log. Two groups are in
 * flight at the most, so that the disk is never idle and memory stays small.
 */
import { ZamError } from "../core/errors/zam-error.ts";
import { epochToText, isLane, laneAddressee, payloadBytesMax, typeMax } from "../core/event.ts";
import { hlcToText } from "../core/clock/hlc.ts";
import { hashIdempotencyKey } from "../core/log/chain.ts";
import type { Judge, Log, NewEvent, PushedEvent } from "../core/log/api.ts";
import type { CryptoPort } from "../core/ports.ts";
import type { PushInput, PushResult } from "./api.ts";

/** Big enough that one fdatasync is shared by thousands of small events. */
const groupBytesMax = 1024 * 1024;
const groupEventsMax = 4096;
/** Room that a record takes beyond its payload. */
const recordOverheadBytes = 128;
/** Characters; the log keeps only a hash of it. */
const idempotencyKeyCharactersMax = 1024;

export interface PushRules {
  /** Why this node may not address `nodeId`, or undefined when it may. */
  refuseAddressee(nodeId: string): string | undefined;
  /** Why the event may not be stored, where a schema says so. */
  readonly judge: Judge | undefined;
}

/**
 * Resolves when all are durable.
 *
 * @throws ZamError Z601, Z603, Z606, Z607, Z608, Z620 before anything is stored, or what the log
 *   reports; `context.durable` then says how many of `events` are durable
 */
export async function pushAll(
  target: { readonly log: Log; readonly crypto: CryptoPort; readonly rules: PushRules },
  events: readonly PushInput[],
): Promise<readonly PushResult[]> {
  const checked = events.map((event) => toNewEvent(target.crypto, event, target.rules));
  judgeAll(target, checked);
  const results: PushResult[] = [];
  const inFlight: Promise<void>[] = [];
  let durable = 0;
  try {
    for (const group of groups(checked)) {
      if (inFlight.length >= 2) await inFlight.shift();
      const { pushed, whenDurable } = pushGroup(target.log, group);
      for (const event of pushed) results.push(toResult(event));
      const settled = whenDurable.then(() => {
        durable += group.length;
      });
      // A failure is met when it is awaited below; until then it must not count as unhandled.
      settled.catch(() => undefined);
      inFlight.push(settled);
    }
    for (const group of inFlight) await group;
  } catch (error) {
    await Promise.allSettled(inFlight);
    throw withDurable(error, durable);
  }
  return results;
}

/** A hub keeps its own events to the rules that it holds its clinics to. */
function judgeAll(
  { log, rules }: { readonly log: Log; readonly rules: PushRules },
  events: readonly NewEvent[],
): void {
  const { judge } = rules;
  if (judge === undefined) return;
  for (const { lane, type, payload } of events) {
    const where = judge({ stream: { node: log.nodeId, epoch: log.ownEpoch, lane }, type, payload });
    if (where !== undefined) throw new ZamError("Z620", { type, where });
  }
}

function pushGroup(
  log: Log,
  group: readonly NewEvent[],
): { readonly pushed: readonly PushedEvent[]; readonly whenDurable: Promise<void> } {
  let pushed: readonly PushedEvent[] = [];
  const whenDurable = new Promise<void>((resolve, reject) => {
    pushed = log.push(group, Date.now(), (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
  return { pushed, whenDurable };
}

function* groups(events: readonly NewEvent[]): Generator<readonly NewEvent[]> {
  let group: NewEvent[] = [];
  let sizeBytes = 0;
  for (const event of events) {
    const eventBytes = event.payload.length + recordOverheadBytes;
    const isFull = group.length >= groupEventsMax || sizeBytes + eventBytes > groupBytesMax;
    if (group.length > 0 && isFull) {
      yield group;
      group = [];
      sizeBytes = 0;
    }
    group.push(event);
    sizeBytes += eventBytes;
  }
  if (group.length > 0) yield group;
}

function toNewEvent(crypto: CryptoPort, event: PushInput, rules: PushRules): NewEvent {
  const { payload, lane = "", type = 0, id } = event;
  if (payload.length > payloadBytesMax)
    throw new ZamError("Z601", { sizeBytes: payload.length, maxBytes: payloadBytesMax });
  if (!Number.isInteger(type) || type < 0 || type > typeMax) throw new ZamError("Z607", { type });
  if (!isLane(lane)) throw new ZamError("Z603", { lane: lane.slice(0, 100) });
  const addressee = laneAddressee(lane);
  const reason = addressee === undefined ? undefined : rules.refuseAddressee(addressee);
  if (reason !== undefined) throw new ZamError("Z606", { lane, reason });
  if (id === undefined) return { lane, type, payload };
  if (id.length === 0 || id.length > idempotencyKeyCharactersMax)
    throw new ZamError("Z608", { maxCharacters: idempotencyKeyCharactersMax });
  return { lane, type, payload, idempotency: hashIdempotencyKey(crypto, id) };
}

function toResult(event: PushedEvent): PushResult {
  return {
    node: event.stream.node,
    epoch: epochToText(event.stream.epoch),
    lane: event.stream.lane,
    seq: event.seq,
    hlc: hlcToText(event.hlc),
    isRepeat: event.isRepeat,
  };
}

function withDurable(error: unknown, durable: number): unknown {
  if (!(error instanceof ZamError)) return error;
  return new ZamError(error.code, { ...error.context, durable }, error.cause);
}
