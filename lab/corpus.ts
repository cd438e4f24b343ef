/**
 * The events of one scenario, with the sizes that stand beside every figure: raw,
 * gzip, and `xz -9e` where xz is installed.
 */
import { spawnSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { clinicEvents, takeEvents } from "./clinic-events.ts";
import type { ClinicEvent, EventKind } from "./clinic-events.ts";
import { ndjson } from "./peers/peer.ts";

export interface CorpusSize {
  readonly events: number;
  readonly rawBytes: number;
  readonly gzipBytes: number;
  /** Undefined where xz is not installed. */
  readonly xzBytes: number | undefined;
}

/** What one clinic writes, the same each time for the same seed and place in line. */
export function supplyOf(kind: EventKind, seed: number, clinic: number) {
  const supply = clinicEvents(kind, seed + 1000 * clinic);
  return (count: number): readonly ClinicEvent[] => takeEvents(supply, count);
}

/** Sizes of what several clinics send, each compressed by itself, as none can see the others'. */
export function sizeOf(clinics: readonly (readonly ClinicEvent[])[]): CorpusSize {
  const texts = clinics.map((events) => Buffer.from(ndjson(events)));
  const sum = (of: (text: Buffer) => number) => texts.reduce((total, text) => total + of(text), 0);
  const xz = texts.map(xzSize);
  return {
    events: clinics.reduce((total, events) => total + events.length, 0),
    rawBytes: sum((text) => text.length),
    gzipBytes: sum((text) => gzipSync(text, { level: 9 }).length),
    xzBytes: xz.some((size) => size === undefined)
      ? undefined
      : xz.reduce<number>((total, size) => total + (size ?? 0), 0),
  };
}

function xzSize(text: Buffer): number | undefined {
  if (text.length === 0) return 0;
  const ran = spawnSync("xz", ["-9e", "--stdout"], { input: text, maxBuffer: 1 << 30 });
  return ran.status === 0 ? ran.stdout.length : undefined;
}
