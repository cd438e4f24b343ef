/**
 * Both vectors of a session: what of ours the peer may know, relative to what
 * it held last time, and the peer's own, put together from its HELLO, its
 * VECTOR frames and what we kept (RULES 30).
 */
import { ByteWriter, bytesEqual } from "../bytes.ts";
import {
  chain8Bytes,
  digestBytes,
  type VectorFrame,
  type VectorMark,
} from "../codec/frame-types.ts";
import { encodeVectorEntry, vectorDigest } from "../codec/vector-codec.ts";
import {
  holesPerStreamMax,
  numberedLinesMax,
  rangesMaxClinic,
  rangesMaxHub,
  vectorChunkBytes,
  vectorEntriesMaxClinic,
  vectorEntriesMaxHub,
} from "../codec/wire-limits.ts";
import { ZamError } from "../errors/zam-error.ts";
import type { SeqRange, StreamIndex, VectorEntry } from "../vector/stream-table.ts";
import { mayName } from "./policy.ts";
import { sameMark } from "./peer-state.ts";
import type { SessionState } from "./state.ts";
import { streamKey } from "./tracked-streams.ts";

const oursMax = 3;
/** A quarter of what a line may hold, so that a mended log of a badly damaged card never becomes unreadable to its peer. */
const holesPerLineMax = holesPerStreamMax / 4;
const noDigest = new Uint8Array(digestBytes);
export const noMark: VectorMark = { ordinal: 0, digest: noDigest };

/**
 * Our line of one stream, as it may travel. Too many holes are told as fewer
 * and larger ones: the peer then sends some events again, which is harmless.
 * Of too many lost ranges the oldest go unsaid, which makes them look held.
 */
function ownLine(s: SessionState, index: StreamIndex, holesMax = holesPerLineMax): VectorEntry {
  const { id, head, chain, holes, floor, lost, partialBytes } = s.log.stream(index);
  return {
    id,
    head,
    chain: chain.subarray(0, chain8Bytes),
    holes: coarsen(holes, holesMax),
    ...(floor === undefined ? {} : { floor }),
    ...(lost.length === 0 ? {} : { lost: lost.slice(-holesPerLineMax) }),
    ...(partialBytes === undefined || partialBytes === 0 ? {} : { partialBytes }),
  };
}

function coarsen(holes: readonly SeqRange[], countMax: number): readonly SeqRange[] {
  const last = holes[holes.length - 1];
  const joint = holes[countMax - 1];
  if (last === undefined || joint === undefined || holes.length <= countMax) return holes;
  return [...holes.slice(0, countMax - 1), { from: joint.from, to: last.to }];
}

/** Streams without any event yet say nothing. */
function isWorthNaming(line: VectorEntry): boolean {
  return (
    line.head > 0 ||
    line.partialBytes !== undefined ||
    line.floor !== undefined ||
    line.lost !== undefined
  );
}

export interface OwnVector {
  readonly mark: VectorMark;
  readonly base: VectorMark | undefined;
  readonly entries: readonly VectorEntry[];
}

/** Our vector as the peer may know it; relative to `held` when we remember that state. */
export function takeOwnVector(s: SessionState, held: VectorMark | undefined): OwnVector {
  const all: VectorEntry[] = [];
  const changed: VectorEntry[] = [];
  let rangesLeft = rangesMaxClinic;
  const base = held === undefined ? undefined : s.ours.find((sent) => sameMark(sent.mark, held));
  for (let index = 0; index < s.log.streamCount; index++) {
    const line = ownLine(s, index, Math.max(1, Math.min(holesPerLineMax, rangesLeft)));
    if (!mayName(s.scope, line.id) || !isWorthNaming(line)) continue;
    rangesLeft -= line.holes.length;
    all.push(line);
    const isChanged = base !== undefined && s.log.streamChangeOrdinal(index) > base.changeOrdinal;
    if (isChanged || line.partialBytes !== undefined) changed.push(line);
  }
  const digest = vectorDigest(s.crypto, all);
  const mark = nextMark(s, digest, held);
  remember(s, mark, base?.mark);
  // A vector of nothing but its marks needs no base that must be looked up.
  if (base === undefined) return { mark, base: undefined, entries: all };
  return { mark, base: base.mark, entries: changed };
}

function nextMark(s: SessionState, digest: Uint8Array, held: VectorMark | undefined): VectorMark {
  const last = s.ours[s.ours.length - 1]?.mark;
  if (last !== undefined && bytesEqual(last.digest, digest) && last.ordinal >= (held?.ordinal ?? 0))
    return last;
  return { ordinal: Math.max(last?.ordinal ?? 0, held?.ordinal ?? 0) + 1, digest };
}

function remember(s: SessionState, mark: VectorMark, base: VectorMark | undefined): void {
  const kept = s.ours.filter((sent) => !sameMark(sent.mark, mark));
  const sent = { mark, changeOrdinal: s.log.changeOrdinal };
  const baseEntry = kept.find((one) => base !== undefined && sameMark(one.mark, base));
  const recent = kept.filter((one) => one !== baseEntry).slice(-(oursMax - 2));
  s.ours = baseEntry === undefined ? [...recent, sent] : [baseEntry, ...recent, sent];
  s.sentMark = mark;
}

/** Sends lines in frames of a few seconds each. */
export function sendVector(
  s: SessionState,
  purpose: VectorFrame["purpose"],
  vector: { readonly entries: readonly VectorEntry[]; readonly mark?: VectorMark },
): void {
  const sizer = new ByteWriter(1024);
  let chunk: VectorEntry[] = [];
  let sent = 0;
  const flush = (): void => {
    sent += chunk.length;
    s.send({
      type: "vector",
      purpose,
      remaining: vector.entries.length - sent,
      entries: chunk,
      ...(vector.mark === undefined ? {} : { mark: vector.mark }),
    });
    chunk = [];
    sizer.clear();
  };
  for (const entry of vector.entries) {
    encodeVectorEntry(sizer, entry, s.outEnds);
    chunk.push(entry);
    if (sizer.length >= vectorChunkBytes) flush();
  }
  if (chunk.length > 0 || (purpose === "full" && sent === 0)) flush();
}

/** Tells the peer what one stream looks like here now. */
export function sendUpdate(s: SessionState, index: StreamIndex): void {
  sendVector(s, "update", { entries: [ownLine(s, index)] });
}

function vectorEntriesMax(s: SessionState): number {
  return s.options.peer.role === "hub" ? vectorEntriesMaxHub : vectorEntriesMaxClinic;
}

/** Prepares for the vector that the peer's HELLO announced. Returns false when it had to ask for all of it. */
export function beginVector(s: SessionState): void {
  const hello = s.peerHello;
  if (hello === undefined) return;
  if (hello.entryCount > vectorEntriesMax(s)) {
    s.fail(new ZamError("Z504", { limit: `a vector of ${hello.entryCount} lines` }));
    return;
  }
  const base = hello.base;
  const held =
    base === undefined ? undefined : s.theirsHeld.find((one) => sameMark(one.mark, base));
  s.vectorInput = {
    base: held?.entries ?? [],
    mark: hello.vector,
    isRelative: base !== undefined,
    expected: hello.entryCount,
    entries: [],
    ranges: 0,
  };
  if (hello.entryCount === 0) finishVector(s);
}

/** Takes VECTOR frames of purpose `hello` and `full`. */
export function takeVectorFrame(s: SessionState, frame: VectorFrame): void {
  let input = s.vectorInput;
  if (
    frame.purpose === "full" &&
    frame.mark !== undefined &&
    (input === undefined || input.expected === 0)
  ) {
    // The answer to NEED_VECTOR starts afresh.
    const expected = frame.remaining + frame.entries.length;
    input = { base: [], mark: frame.mark, isRelative: false, expected, entries: [], ranges: 0 };
    s.vectorInput = s.hasVector ? undefined : input;
  }
  if (input === undefined || s.vectorInput === undefined) {
    s.fail(new ZamError("Z506", { problem: "a vector that nobody asked for" }));
    return;
  }
  const isOver = input.entries.length + frame.entries.length > input.expected;
  if (isOver || input.expected > vectorEntriesMax(s)) {
    s.fail(new ZamError("Z504", { limit: "lines of a vector" }));
    return;
  }
  for (const entry of frame.entries) {
    input.ranges += entry.holes.length + (entry.lost?.length ?? 0);
    input.entries.push(entry);
  }
  if (frame.purpose === "hello") noteNumbered(s, frame.entries);
  if (input.ranges > (s.options.peer.role === "hub" ? rangesMaxHub : rangesMaxClinic * 2)) {
    s.fail(new ZamError("Z504", { limit: "holes of a vector" }));
    return;
  }
  if (input.entries.length === input.expected) finishVector(s);
}

/** The first lines that HELLO announced give their streams numbers. */
function noteNumbered(s: SessionState, entries: readonly VectorEntry[]): void {
  for (const entry of entries) {
    if (s.linesHeard.length === numberedLinesMax) return;
    s.linesHeard.push(entry);
  }
}

function finishVector(s: SessionState): void {
  const input = s.vectorInput;
  if (input === undefined) return;
  const merged = new Map<string, VectorEntry>();
  for (const entry of input.base) merged.set(streamKey(entry.id), withoutPartial(entry));
  for (const entry of input.entries) merged.set(streamKey(entry.id), entry);
  const entries = [...merged.values()];
  // As the peer named them: a line that says nothing is no part of the digest.
  const digest = vectorDigest(s.crypto, entries.filter(isWorthNaming));
  if (!bytesEqual(digest, input.mark.digest)) {
    if (!input.isRelative) {
      s.fail(new ZamError("Z506", { problem: "a vector that does not fit its digest" }));
      return;
    }
    s.vectorInput = {
      base: [],
      mark: input.mark,
      isRelative: false,
      expected: 0,
      entries: [],
      ranges: 0,
    };
    s.send({ type: "needVector" });
    return;
  }
  s.vectorInput = undefined;
  s.hasVector = true;
  s.theirs.clear();
  s.advancedKeys.clear();
  for (const entry of entries)
    if (mayName(s.scope, entry.id)) s.theirs.set(streamKey(entry.id), entry);
  keepTheirs(s, { mark: input.mark, entries });
}

function withoutPartial(entry: VectorEntry): VectorEntry {
  if (entry.partialBytes === undefined) return entry;
  const { partialBytes: _gone, ...rest } = entry;
  return rest;
}

/** Keeps the state that we named in our HELLO (the peer may refer to it next time) and the newest. */
function keepTheirs(
  s: SessionState,
  newest: { readonly mark: VectorMark; readonly entries: readonly VectorEntry[] },
): void {
  const named = s.theirsHeld[s.theirsHeld.length - 1];
  const isSame = named !== undefined && sameMark(named.mark, newest.mark);
  s.theirsHeld = named === undefined || isSame ? [newest] : [named, newest];
}
