/**
 * What a node durably knows about one peer between sessions: what the peer
 * holds (its vector as of its last HELLO, and what it acknowledged since),
 * which state of our vector it holds (RULES 30), and whether the last session
 * ended cleanly (RULES 31). Kept by the host in one sealed sidecar per peer,
 * encoded here. Losing it costs bytes in the next session, never an event:
 * every session starts from the peer's present vector.
 */
import type { VectorMark } from "../codec/frame-types.ts";
import { decodeStoredEntry, encodeStoredEntry } from "../codec/vector-codec.ts";
import { ByteReader, bytesEqual, ByteWriter } from "../bytes.ts";
import { chainBytes, isLane, isNodeId, type StreamId } from "../event.ts";
import { decodeHealth } from "../codec/decode-frame.ts";
import { encodeHealth } from "../codec/encode-frame.ts";
import { digestBytes, logIdBytes, type WireHealth } from "../codec/frame-types.ts";
import { quarantineRunsNamed } from "../codec/wire-limits.ts";
import type { HeldBack } from "./quarantine-notice.ts";
import type { LinkEstimate } from "./link-meter.ts";
import type { ConfirmedHead } from "../log/api.ts";
import type { VectorEntry } from "../vector/stream-table.ts";

/** A peer's vector in one state, as accepted from its HELLO. */
export interface HeldVector {
  readonly mark: VectorMark;
  readonly entries: readonly VectorEntry[];
}

/** A state of our own vector that was sent to the peer. */
export interface SentVector {
  readonly mark: VectorMark;
  /** Change ordinal of our log at that time: what changed since is what changed after it. */
  readonly changeOrdinal: number;
}

export interface PeerState {
  readonly peerId: string;
  /** The peer's log id (incarnation), 16 bytes. */
  readonly peerLogId: Uint8Array;
  /** Streams of ours (own events) that the peer has confirmed durable, as of the last report. */
  readonly confirmed: readonly ConfirmedHead[];
  /** True: everything we sent was answered, so `confirmed` and `advanced` are exactly what the peer holds. */
  readonly isClean: boolean;
  /** At most two, the newest last. */
  readonly theirs: readonly HeldVector[];
  /** Lines of the peer's vector that its acknowledgements have changed since the newest of `theirs`. */
  readonly advanced: readonly VectorEntry[];
  /** At most three, the newest last. */
  readonly ours: readonly SentVector[];
  /** Which of `ours` the peer said that it holds. */
  readonly oursHeld: VectorMark | undefined;
  /** Codecs that the peer reads, as in HELLO. */
  readonly codecs: number;
  /** The health block last sent, so that an unchanged one is not repeated. */
  readonly healthSent: WireHealth | undefined;
  /** Wall time of the last session that ended with everything exchanged; 0: never. */
  readonly completedMs: number;
  /** The health block last heard, as it stands now. */
  readonly healthHeard?: WireHealth | undefined;
  /** The peer's wall clock less ours at its last HELLO. */
  readonly clockDifferenceMs?: number | undefined;
  /** The peer was told once that events of its own are held back here: from then on each session says how many. */
  readonly wasToldQuarantine?: boolean | undefined;
  /** What the peer, a hub, said that it holds back of our events. */
  readonly heldBack?: HeldBack | undefined;
  /** What the last session saw of the link; undefined when it sent too little to tell. */
  readonly link?: LinkEstimate | undefined;
}

const stateVersion = 1;
const theirsMax = 2;
const oursMax = 3;

export function sameMark(a: VectorMark, b: VectorMark): boolean {
  return a.ordinal === b.ordinal && bytesEqual(a.digest, b.digest);
}

function encodeMark(writer: ByteWriter, mark: VectorMark): void {
  writer.varint(mark.ordinal);
  writer.bytes(mark.digest);
}

function decodeMark(reader: ByteReader): VectorMark {
  return { ordinal: reader.varint(), digest: reader.bytes(digestBytes).slice() };
}

function encodeEntries(writer: ByteWriter, entries: readonly VectorEntry[]): void {
  writer.varint(entries.length);
  for (const entry of entries) encodeStoredEntry(writer, entry);
}

function decodeEntries(reader: ByteReader): readonly VectorEntry[] {
  const count = reader.varint();
  const entries: VectorEntry[] = [];
  for (let i = 0; i < count && !reader.failed; i++) {
    const entry = decodeStoredEntry(reader);
    if (!isNodeId(entry.id.node) || !isLane(entry.id.lane)) reader.fail();
    entries.push(entry);
  }
  return entries;
}

export function encodePeerState(state: PeerState): Uint8Array {
  const writer = new ByteWriter(512);
  writer.u8(stateVersion);
  writer.text(state.peerId);
  writer.bytes(state.peerLogId);
  writer.u8(state.isClean ? 1 : 0);
  writer.varint(state.codecs);
  writer.u48(state.completedMs);
  writer.varint(state.confirmed.length);
  for (const head of state.confirmed) {
    writer.text(head.stream.node);
    writer.u32(head.stream.epoch);
    writer.text(head.stream.lane);
    writer.varint(head.seq);
    writer.bytes(head.chain);
  }
  writer.u8(state.theirs.length);
  for (const held of state.theirs) {
    encodeMark(writer, held.mark);
    encodeEntries(writer, held.entries);
  }
  encodeEntries(writer, state.advanced);
  writer.u8(state.ours.length);
  for (const sent of state.ours) {
    encodeMark(writer, sent.mark);
    writer.varint(sent.changeOrdinal);
  }
  writer.u8(state.oursHeld === undefined ? 0 : 1);
  if (state.oursHeld !== undefined) encodeMark(writer, state.oursHeld);
  writer.u8(state.healthSent === undefined ? 0 : 1);
  if (state.healthSent !== undefined) encodeHealth(writer, state.healthSent);
  writer.u8(state.link === undefined ? 0 : 1);
  if (state.link !== undefined) {
    writer.varint(state.link.rateBytesPerS);
    writer.varint(state.link.roundTripMs);
  }
  encodeHeard(writer, state);
  return writer.take();
}

const heardHealth = 1;
const heardClock = 2;
const heardHeldBack = 4;
const toldQuarantine = 8;

/** What the peer told of itself; nothing at all when it told nothing, as before there was this field. */
function encodeHeard(writer: ByteWriter, state: PeerState): void {
  const { healthHeard, clockDifferenceMs, heldBack, wasToldQuarantine = false } = state;
  const isHeldBack = heldBack !== undefined && heldBack.total > 0;
  const flags =
    (healthHeard === undefined ? 0 : heardHealth) +
    (clockDifferenceMs === undefined ? 0 : heardClock) +
    (isHeldBack ? heardHeldBack : 0) +
    (wasToldQuarantine ? toldQuarantine : 0);
  if (flags === 0) return;
  writer.u8(flags);
  if (healthHeard !== undefined) encodeHealth(writer, healthHeard);
  if (clockDifferenceMs !== undefined) writer.signedVarint(Math.round(clockDifferenceMs));
  if (isHeldBack) {
    writer.varint(heldBack.total);
    writer.varint(heldBack.runs.length);
    for (const { id, from, to, reason } of heldBack.runs) {
      writer.text(id.node);
      writer.u32(id.epoch);
      writer.text(id.lane);
      writer.varint(from);
      writer.varint(to - from);
      writer.text(reason);
    }
  }
  // Once this was a number, the most that were told: readers of before look for one.
  if (wasToldQuarantine) writer.varint(1);
}

type Heard = Pick<
  PeerState,
  "healthHeard" | "clockDifferenceMs" | "heldBack" | "wasToldQuarantine"
>;

function decodeHeldBack(reader: ByteReader): HeldBack {
  const total = reader.varint();
  const count = reader.varint();
  if (count > quarantineRunsNamed) reader.fail();
  const runs: HeldBack["runs"][number][] = [];
  for (let i = 0; i < count && !reader.failed; i++) {
    const id: StreamId = { node: reader.text(63), epoch: reader.u32(), lane: reader.text(80) };
    if (!isNodeId(id.node) || !isLane(id.lane)) reader.fail();
    const from = reader.varint();
    runs.push({ id, from, to: from + reader.varint(), reason: reader.text(reasonBytesMax) });
  }
  return { total, runs };
}

const reasonBytesMax = 1024;

function decodeHeard(reader: ByteReader): Heard {
  if (reader.remaining === 0) return {};
  const flags = reader.u8();
  if (flags === 0 || flags > heardHealth + heardClock + heardHeldBack + toldQuarantine)
    reader.fail();
  const health = (flags & heardHealth) === 0 ? undefined : decodeHealth(reader);
  const clock = (flags & heardClock) === 0 ? undefined : reader.signedVarint();
  const heldBack = (flags & heardHeldBack) === 0 ? undefined : decodeHeldBack(reader);
  const wasTold = (flags & toldQuarantine) !== 0 && reader.varint() > 0;
  return {
    // None is written as nothing.
    ...(heldBack === undefined || heldBack.total === 0 ? {} : { heldBack }),
    ...(wasTold ? { wasToldQuarantine: true } : {}),
    ...(health === undefined ? {} : { healthHeard: health }),
    ...(clock === undefined ? {} : { clockDifferenceMs: clock }),
  };
}

function decodeConfirmed(reader: ByteReader): readonly ConfirmedHead[] {
  const count = reader.varint();
  const confirmed: ConfirmedHead[] = [];
  for (let i = 0; i < count && !reader.failed; i++) {
    const stream: StreamId = { node: reader.text(63), epoch: reader.u32(), lane: reader.text(80) };
    if (!isNodeId(stream.node) || !isLane(stream.lane)) reader.fail();
    confirmed.push({ stream, seq: reader.varint(), chain: reader.bytes(chainBytes).slice() });
  }
  return confirmed;
}

/** The state, or undefined for anything that `encodePeerState` did not write. */
export function decodePeerState(bytes: Uint8Array): PeerState | undefined {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== stateVersion) return undefined;
  const peerId = reader.text(63);
  const peerLogId = reader.bytes(logIdBytes).slice();
  const isClean = reader.u8() === 1;
  const codecs = reader.varint();
  const completedMs = reader.u48();
  const confirmed = decodeConfirmed(reader);
  const theirs: HeldVector[] = [];
  const theirsCount = reader.u8();
  if (theirsCount > theirsMax) reader.fail();
  for (let i = 0; i < theirsCount && !reader.failed; i++)
    theirs.push({ mark: decodeMark(reader), entries: decodeEntries(reader) });
  const advanced = decodeEntries(reader);
  const ours: SentVector[] = [];
  const oursCount = reader.u8();
  if (oursCount > oursMax) reader.fail();
  for (let i = 0; i < oursCount && !reader.failed; i++)
    ours.push({ mark: decodeMark(reader), changeOrdinal: reader.varint() });
  const oursHeld = reader.u8() === 1 ? decodeMark(reader) : undefined;
  const healthSent = reader.u8() === 1 ? decodeHealth(reader) : undefined;
  // A state of the first 0.1 ends here.
  const hasLink = reader.remaining > 0 && reader.u8() === 1;
  const link = hasLink
    ? { rateBytesPerS: reader.varint(), roundTripMs: reader.varint() }
    : undefined;
  const heard = decodeHeard(reader);
  if (!reader.finished || !isNodeId(peerId)) return undefined;
  return {
    peerId,
    peerLogId,
    isClean,
    codecs,
    completedMs,
    confirmed,
    theirs,
    advanced,
    ours,
    oursHeld,
    healthSent,
    ...(link === undefined ? {} : { link }),
    ...heard,
  };
}
