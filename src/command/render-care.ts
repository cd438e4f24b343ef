/** `compact` and `expire`: what went, what stayed, and why; `rekey`: where the key is. */
import type { CareSummary, RekeySummary } from "../engine/api.ts";
import { bytesToText, counted, printable } from "./text.ts";

const reasons: { readonly [Reason in keyof CareSummary["kept"]]: string } = {
  unconfirmed: "no hub has confirmed them",
  inGrace: "a hub has confirmed them, but the grace period is not over",
  tooYoung: "they were received too lately",
  toKeep: "they are among the newest that were asked to stay",
  unsettled: "a hole before them may still heal, or their stream has a fork",
};

export function careToText(summary: CareSummary, options: { readonly isDryRun: boolean }): string {
  const { dropped, kept, freedBytes, skippedSegments } = summary;
  const lines = [
    `${options.isDryRun ? "Would drop:" : "Dropped:   "} ${counted(dropped, "event")}`,
  ];
  for (const [reason, text] of Object.entries(reasons)) {
    const count = kept[reason as keyof CareSummary["kept"]];
    if (count > 0) lines.push(`Kept:       ${counted(count, "event")}: ${text}`);
  }
  if (!options.isDryRun) lines.push(`Freed:      ${bytesToText(Math.max(0, freedBytes))}`);
  if (skippedSegments > 0)
    lines.push(
      `Left:       ${counted(skippedSegments, "segment")} that cannot be written anew now`,
    );
  return lines.join("\n");
}

export function rekeyToText(summary: RekeySummary): string {
  const { keyPath, segments, resumed } = summary;
  return [
    `${resumed ? "Finished:  " : "Sealed:    "} ${counted(segments, "segment")} under the new key`,
    `Key:        ${printable(keyPath)}`,
    "keep a copy of it elsewhere; the former key opens nothing here any more,",
    "and what was made with it (snapshots) opens only with it",
  ].join("\n");
}
