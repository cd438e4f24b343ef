/**
 * The `known` block of an event: what its author had seen since its previous
 * event in the same lane (RULES 39), which alone can show that two events were
 * concurrent. A count, then (node, epoch, lane, seq) of each stream that moved.
 *
 * It travels with the event, so it names only streams that every reader of the
 * lane may know: in `to/x` those of x, elsewhere nobody's addressed lanes. The
 * node's own streams are left out: its HLC orders them.
 */
import { ByteReader, ByteWriter } from "../bytes.ts";
import { laneAddressee, type StreamId } from "../event.ts";
import type { LogCore } from "./core.ts";
import { readStreamId } from "./event-fields.ts";

/** What is not named now is named by the next event. */
export const knownEntriesMax = 32;

export interface KnownEntry {
  readonly stream: StreamId;
  readonly seq: number;
}

const knowsNothingNew = Uint8Array.from([0]);

/** The block for the next event in `lane`; takes note that it was named. */
export function takeKnown(core: LogCore, lane: string): Uint8Array {
  const named = core.knownOrdinals.get(lane) ?? 0;
  if (core.foreignOrdinal <= named) return knowsNothingNew;
  const { table } = core.streams;
  const news: number[] = [];
  for (let index = 0; index < table.count; index++) {
    if (table.changeOrdinal(index) <= named || table.head(index) === 0) continue;
    if (table.isOfNode(index, core.nodeId)) continue;
    if (mayName(lane, table.id(index))) news.push(index);
  }
  news.sort((a, b) => table.changeOrdinal(a) - table.changeOrdinal(b));
  const entries = news.slice(0, knownEntriesMax);
  const last = entries[entries.length - 1];
  const isAll = entries.length === news.length;
  const upTo = isAll || last === undefined ? core.changeOrdinal : table.changeOrdinal(last);
  core.knownOrdinals.set(lane, upTo);
  return encodeKnown(entries.map((index) => ({ stream: table.id(index), seq: table.head(index) })));
}

function mayName(lane: string, stream: StreamId): boolean {
  const reader = laneAddressee(lane);
  const addressee = laneAddressee(stream.lane);
  if (reader === undefined) return addressee === undefined;
  return stream.node === reader || addressee === reader;
}

export function encodeKnown(entries: readonly KnownEntry[]): Uint8Array {
  const out = new ByteWriter(64);
  out.varint(entries.length);
  for (const { stream, seq } of entries) {
    out.text(stream.node);
    out.u32(stream.epoch);
    out.text(stream.lane);
    out.varint(seq);
  }
  return out.take();
}

/** Undefined when malformed. */
export function decodeKnown(bytes: Uint8Array): readonly KnownEntry[] | undefined {
  const reader = new ByteReader(bytes);
  const count = reader.varint();
  if (count > knownEntriesMax) return undefined;
  const entries: KnownEntry[] = [];
  for (let i = 0; i < count; i++) {
    const stream = readStreamId(reader);
    const seq = reader.varint();
    if (stream === undefined || reader.failed) return undefined;
    entries.push({ stream, seq });
  }
  return reader.finished ? entries : undefined;
}
