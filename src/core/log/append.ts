/**
 * Own events: checked, given their place (seq, HLC, chain), and staged. A call
 * either stages all of its events or throws and stages none.
 */
import type { Hlc } from "../clock/hlc.ts";
import { ZamError } from "../errors/zam-error.ts";
import { fragmentBytesMax, isLane, payloadBytesMax, typeMax } from "../event.ts";
import { bytesToHex } from "../bytes.ts";
import type { Durable, NewEvent, PushedEvent } from "./api.ts";
import { nextChain } from "./chain.ts";
import type { LogCore } from "./core.ts";
import { idempotencyBytes, noIdempotency } from "./event-fields.ts";
import { openGroup, pump } from "./group-commit.ts";
import { findId, type FoundId, isSamePayload } from "./idempotency.ts";
import { takeKnown } from "./known.ts";
import {
  assertWritable,
  noPayload,
  openPartial,
  stageEvent,
  stageFragment,
  whenDurable,
} from "./stage-event.ts";

export function push(
  core: LogCore,
  events: readonly NewEvent[],
  wallMs: number,
  durable: Durable,
): readonly PushedEvent[] {
  assertWritable(core);
  core.wallMs = wallMs;
  const repeats = checkAll(core, events);
  const pushed: PushedEvent[] = [];
  const pushedById = new Map<string, PushedEvent>();
  let isStaged = false;
  for (let at = 0; at < events.length; at++) {
    const event = events[at];
    if (event === undefined) continue;
    const { idempotency } = event;
    const known = repeats?.[at];
    const sameCall =
      idempotency === undefined ? undefined : pushedById.get(bytesToHex(idempotency));
    if (sameCall !== undefined) {
      pushed.push({ ...sameCall, isRepeat: true });
    } else if (known !== undefined) {
      pushed.push({ stream: known.stream, seq: known.seq, hlc: known.hlc, isRepeat: true });
    } else {
      const own = stageOwn(core, event, wallMs);
      pushed.push(own);
      isStaged = true;
      if (idempotency !== undefined) pushedById.set(bytesToHex(idempotency), own);
    }
  }
  const isPending = repeats?.some((found) => found?.isStaged === true) === true;
  if (isStaged) openGroup(core).callbacks.push(durable);
  else if (isPending) whenDurable(core, durable);
  else durable();
  pump(core);
  return pushed;
}

function stageOwn(core: LogCore, event: NewEvent, wallMs: number): PushedEvent {
  const { streams, crypto } = core;
  const { lane, type, payload } = event;
  const stream = { node: core.nodeId, epoch: core.stagedEpoch, lane };
  const index = streams.add(stream);
  const seq = streams.stagedHead(index) + 1;
  const hlc = core.clock.tick(wallMs);
  const known = takeKnown(core, lane);
  const chainBefore = streams.stagedChain(index);
  const idempotency = event.idempotency ?? noIdempotency;
  const place = {
    seq,
    hlc,
    type,
    known,
    idempotency,
    receivedMs: clampMs(wallMs),
    receivedFrom: "",
  };
  if (payload.length <= fragmentBytesMax) {
    const chain = nextChain(crypto, chainBefore, { seq, hlc, type, known, payload });
    stageEvent(core, index, { ...place, payload, chainBefore, chain });
    return { stream: streams.table.id(index), seq, hlc, isRepeat: false };
  }
  stagePieces(core, index, place, payload);
  return { stream: streams.table.id(index), seq, hlc, isRepeat: false };
}

/** A large payload: its fragments first, then the event that makes them visible. */
function stagePieces(
  core: LogCore,
  index: number,
  place: {
    readonly seq: number;
    readonly hlc: Hlc;
    readonly type: number;
    readonly known: Uint8Array;
    readonly idempotency: Uint8Array;
    readonly receivedMs: number;
    readonly receivedFrom: string;
  },
  payload: Uint8Array,
): void {
  const { seq, hlc, type, known } = place;
  const chainBefore = core.streams.stagedChain(index).slice();
  const totalBytes = payload.length;
  const partial = openPartial(core, index, { seq, hlc, type, chainBefore, totalBytes });
  for (let at = 0; at < totalBytes; at += fragmentBytesMax) {
    stageFragment(core, index, partial, payload.subarray(at, at + fragmentBytesMax));
  }
  const payloadSha256 = partial.sha?.digest() ?? core.crypto.sha256(payload);
  partial.sha = undefined;
  const link = { seq, hlc, type, known, payloadSha256, payloadSize: totalBytes };
  const chain = nextChain(core.crypto, chainBefore, link);
  const event = { ...place, payload: noPayload, chainBefore, chain };
  stageEvent(core, index, event, { partial, payloadSha256 });
}

/** All checks, before anything is staged. Repeats of known ids, by position in `events`. */
function checkAll(
  core: LogCore,
  events: readonly NewEvent[],
): readonly (FoundId | undefined)[] | undefined {
  let repeats: (FoundId | undefined)[] | undefined;
  let payloadById: Map<string, Uint8Array> | undefined;
  for (let at = 0; at < events.length; at++) {
    const event = events[at];
    if (event === undefined) continue;
    checkEvent(event);
    const { idempotency, payload } = event;
    if (idempotency === undefined) continue;
    const id = bytesToHex(idempotency);
    payloadById ??= new Map();
    const earlier = payloadById.get(id);
    if (earlier !== undefined && !isSameBytes(core, earlier, payload)) {
      throw new ZamError("Z602", { id });
    }
    payloadById.set(id, payload);
    const found = findId(core, idempotency);
    if (found === undefined) continue;
    if (!isSamePayload(core, found, payload)) throw new ZamError("Z602", { id });
    repeats ??= [];
    repeats[at] = found;
  }
  return repeats;
}

function checkEvent(event: NewEvent): void {
  const { lane, type, payload, idempotency } = event;
  if (!isLane(lane)) throw new ZamError("Z603", { lane });
  if (payload.length > payloadBytesMax) {
    throw new ZamError("Z601", { sizeBytes: payload.length, maxBytes: payloadBytesMax });
  }
  if (!(type >= 0 && type <= typeMax && Math.floor(type) === type)) {
    throw new ZamError("Z101", {
      problem: `${type} is no event type`,
      suggestion: "use a whole number from 0 to 2147483647",
    });
  }
  if (idempotency !== undefined && idempotency.length !== idempotencyBytes) {
    throw new ZamError("Z101", {
      problem: "an idempotency hash has 16 bytes",
      suggestion: "use hashIdempotencyKey",
    });
  }
}

function isSameBytes(core: LogCore, a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  return bytesToHex(core.crypto.sha256(a)) === bytesToHex(core.crypto.sha256(b));
}

/** Receive times are stored in 48 bits. */
export function clampMs(wallMs: number): number {
  return wallMs > 0 ? Math.min(Math.floor(wallMs), 0xffff_ffff_ffff) : 0;
}
