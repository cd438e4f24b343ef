/**
 * Since when a hub has confirmed which of this node's events. Copies are only
 * dropped when the confirmation is older than the grace period, because a hub that
 * is restored from its backup forgets what it had confirmed since (RULES 27).
 *
 * A list of snapshots, thinned out with age: one that is missing makes events count
 * as confirmed later than they were, never earlier.
 */
import { bytesEqual, type ByteReader, type ByteWriter } from "../core/bytes.ts";
import { isLane, isNodeId, type StreamId } from "../core/event.ts";
import type { PeerState } from "../core/session/peer-state.ts";

export interface Confirmation {
  /** Trusted time when it was known first. */
  readonly atMs: number;
  /** The hub's log: another one has confirmed nothing. */
  readonly logId: Uint8Array;
  readonly heads: readonly { readonly stream: StreamId; readonly seq: number }[];
}

const snapshotsMax = 64;
const headsMax = 65_536;
/** Snapshots may be this much of their age apart. */
const spacing = 1 / 8;

/** The list with what `state` knows now. The same list when that is no news. */
export function extendConfirmations(
  before: readonly Confirmation[],
  state: PeerState,
  atMs: number,
): readonly Confirmation[] {
  // A clock that was ahead at that time must not make them young for ever.
  const known = before
    .filter(({ logId }) => bytesEqual(logId, state.peerLogId))
    .map((entry) => (entry.atMs > atMs ? { ...entry, atMs } : entry));
  const heads = state.confirmed.map(({ stream, seq }) => ({ stream, seq }));
  const last = known[known.length - 1];
  if (last !== undefined && isSame(last.heads, heads)) return known;
  if (heads.length === 0) return known;
  return thinned([...known, { atMs, logId: state.peerLogId, heads }], atMs);
}

/** What this hub had confirmed by `byMs`, and had not lost by then. */
export function confirmedBy(
  confirmations: readonly Confirmation[],
  state: PeerState,
  byMs: number,
): Confirmation["heads"] {
  let heads: Confirmation["heads"] = [];
  for (const entry of confirmations)
    if (entry.atMs <= byMs && bytesEqual(entry.logId, state.peerLogId)) heads = entry.heads;
  return heads;
}

function isSame(a: Confirmation["heads"], b: Confirmation["heads"]): boolean {
  return (
    a.length === b.length &&
    a.every(({ stream, seq }, at) => {
      const other = b[at];
      return (
        other?.seq === seq &&
        other.stream.node === stream.node &&
        other.stream.epoch === stream.epoch &&
        other.stream.lane === stream.lane
      );
    })
  );
}

function thinned(entries: readonly Confirmation[], nowMs: number): readonly Confirmation[] {
  const kept = [...entries];
  for (let at = kept.length - 2; at >= 1; at--) {
    const [before, entry, after] = [kept[at - 1], kept[at], kept[at + 1]];
    if (before === undefined || entry === undefined || after === undefined) continue;
    if (after.atMs - before.atMs < (nowMs - entry.atMs) * spacing) kept.splice(at, 1);
  }
  while (kept.length > snapshotsMax) kept.splice(1, 1);
  return kept;
}

export function encodeConfirmations(entries: readonly Confirmation[], out: ByteWriter): void {
  out.varint(entries.length);
  for (const { atMs, logId, heads } of entries) {
    out.u48(atMs);
    out.bytes(logId);
    out.varint(heads.length);
    for (const { stream, seq } of heads) {
      out.text(stream.node);
      out.u32(stream.epoch);
      out.text(stream.lane);
      out.varint(seq);
    }
  }
}

export function decodeConfirmations(reader: ByteReader): readonly Confirmation[] {
  const count = reader.varint();
  if (count > snapshotsMax) reader.fail();
  const entries: Confirmation[] = [];
  for (let i = 0; i < count && !reader.failed; i++) {
    const atMs = reader.u48();
    const logId = reader.bytes(16).slice();
    const headCount = reader.varint();
    if (headCount > headsMax) reader.fail();
    const heads: { stream: StreamId; seq: number }[] = [];
    for (let j = 0; j < headCount && !reader.failed; j++) {
      const stream = { node: reader.text(63), epoch: reader.u32(), lane: reader.text(80) };
      if (!isNodeId(stream.node) || !isLane(stream.lane)) reader.fail();
      heads.push({ stream, seq: reader.varint() });
    }
    entries.push({ atMs, logId, heads });
  }
  return entries;
}
