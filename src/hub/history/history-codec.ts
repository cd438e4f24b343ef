/**
 * The history as bytes, for a sealed sidecar. Version 1, integers as in the sync protocol:
 *
 * | field | size | meaning |
 * | --- | --- | --- |
 * | version | 1 | 1 |
 * | since | u48 | Unix ms at which counting began |
 * | expired | varint | events dropped by retention and `expire` |
 * | totals | 7 varints | of the hub |
 * | series | see below | of the hub: day, then month |
 * | clinics | varint | how many follow: node id (text), last activity (u48), totals, series |
 * | syncs | varint | how many follow, oldest first: peer (text), end (u48), 5 varints, how it ended, Z code (texts) |
 *
 * A series is a count (varint), then for each stretch its number since 1970 and its eight
 * measures (varints). Empty stretches are not written.
 */
import { ByteReader, ByteWriter } from "../../core/bytes.ts";
import { isNodeId } from "../../core/event.ts";
import { type BucketRing, measures, type Sums } from "./bucket-ring.ts";
import {
  clinicsMax,
  History,
  type PastSync,
  recentMax,
  type Series,
  type Totals,
} from "./history.ts";

const version = 1;
/** A file is rewritten whole: what is beyond this belongs to clinics that moved nothing for long. */
export const historyBytesMax = 8 * 1024 * 1024;
const textBytesMax = 64;
const totalNames = [
  "syncs",
  "failures",
  "budgetEnds",
  "eventsReceived",
  "eventsSent",
  "bytesReceived",
  "bytesSent",
] as const satisfies readonly (keyof Totals)[];

export function encodeHistory(history: History): Uint8Array {
  const head = new ByteWriter(16 * 1024);
  head.u8(version);
  head.u48(history.sinceMs);
  head.varint(history.expired);
  writeTotals(head, history.totals);
  writeSeries(head, history.hub);
  const tail = new ByteWriter(16 * 1024);
  tail.varint(history.recent.length);
  for (const sync of history.recent) writeSync(tail, sync);
  const clinics = new ByteWriter(16 * 1024);
  let count = 0;
  const newestFirst = [...history.clinics].sort(([, a], [, b]) => b.lastMs - a.lastMs);
  for (const [node, clinic] of newestFirst) {
    if (head.length + tail.length + clinics.length > historyBytesMax) break;
    clinics.text(node);
    clinics.u48(clinic.lastMs);
    writeTotals(clinics, clinic.totals);
    writeSeries(clinics, clinic);
    count++;
  }
  head.varint(count);
  head.bytes(clinics.view());
  head.bytes(tail.view());
  return head.take();
}

/** The history, or undefined for anything that `encodeHistory` did not write. */
export function decodeHistory(bytes: Uint8Array): History | undefined {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== version) return undefined;
  const history = new History(reader.u48());
  history.expired = reader.varint();
  history.totals = readTotals(reader);
  readSeries(reader, history.hub);
  const clinics = reader.varint();
  if (clinics > clinicsMax) return undefined;
  for (let at = 0; at < clinics && !reader.failed; at++) {
    const node = reader.text(textBytesMax);
    if (!isNodeId(node)) return undefined;
    const clinic = history.clinic(node);
    clinic.lastMs = reader.u48();
    clinic.totals = readTotals(reader);
    readSeries(reader, clinic);
  }
  const syncs = reader.varint();
  if (syncs > recentMax) return undefined;
  for (let at = 0; at < syncs && !reader.failed; at++) history.recent.push(readSync(reader));
  return reader.finished ? history : undefined;
}

function writeTotals(writer: ByteWriter, totals: Totals): void {
  for (const name of totalNames) writer.varint(totals[name]);
}

function readTotals(reader: ByteReader): Totals {
  return {
    syncs: reader.varint(),
    failures: reader.varint(),
    budgetEnds: reader.varint(),
    eventsReceived: reader.varint(),
    eventsSent: reader.varint(),
    bytesReceived: reader.varint(),
    bytesSent: reader.varint(),
  };
}

function writeSeries(writer: ByteWriter, { day, month }: Series): void {
  for (const ring of [day, month]) {
    const buckets = ring.all();
    writer.varint(buckets.length);
    for (const bucket of buckets) {
      writer.varint(bucket.fromMs / ring.widthMs);
      for (const measure of measures) writer.varint(bucket[measure]);
    }
  }
}

function readSeries(reader: ByteReader, { day, month }: Series): void {
  readRing(reader, day);
  readRing(reader, month);
}

function readRing(reader: ByteReader, ring: BucketRing): void {
  const count = reader.varint();
  if (count > ring.count) reader.fail();
  for (let at = 0; at < count && !reader.failed; at++) {
    const fromMs = reader.varint() * ring.widthMs;
    const sums: { -readonly [Name in keyof Sums]?: number } = {};
    for (const measure of measures) sums[measure] = reader.varint();
    if (!reader.failed) ring.add(fromMs, sums);
  }
}

function writeSync(writer: ByteWriter, sync: PastSync): void {
  writer.text(sync.peer);
  writer.u48(sync.endedMs);
  writer.varint(sync.durationMs);
  writer.varint(sync.eventsReceived);
  writer.varint(sync.eventsSent);
  writer.varint(sync.bytesReceived);
  writer.varint(sync.bytesSent);
  writer.text(sync.endedBy);
  writer.text(sync.code);
}

function readSync(reader: ByteReader): PastSync {
  return {
    peer: reader.text(textBytesMax),
    endedMs: reader.u48(),
    durationMs: reader.varint(),
    eventsReceived: reader.varint(),
    eventsSent: reader.varint(),
    bytesReceived: reader.varint(),
    bytesSent: reader.varint(),
    endedBy: reader.text(textBytesMax),
    code: reader.text(textBytesMax),
  };
}
