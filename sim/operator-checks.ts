/** What must hold when an operator lets events go. */
import type { Log, StreamCut } from "../src/core/log/api.ts";
import type { Device } from "./device.ts";
import { type Held, positionKey, streamText } from "./device-view.ts";
import type { Oracle } from "./oracle.ts";
import { Violation } from "./violation.ts";

/**
 * These will be cut off now. What its author drops must be at the hub, unless a
 * fault has taken it away there since it was confirmed.
 */
export function checkCut(
  oracle: Oracle,
  device: Device,
  cuts: readonly StreamCut[],
  hub: Device,
): void {
  if (device === hub || hub.isKnowledgeOld || hub.wounds > 0) return;
  const log = device.process?.log;
  for (const { index, seq } of cuts) {
    const state = log?.stream(index);
    for (const held of device.view.held.values()) {
      if (state === undefined || streamText(held.stream) !== streamText(state.id)) continue;
      // Met as damage since it was looked at as a whole.
      const isGone = [...state.holes, ...state.lost].some(
        ({ from, to }) => from <= held.seq && held.seq <= to,
      );
      if (held.seq > seq || isGone) continue;
      checkHeldBack(device, hub, held);
      const fact = oracle.facts.get(held.uid);
      if (fact?.holders.has(hub) === true || fact?.isDroppedAtHub === true) continue;
      throw new Violation(
        "nothing unconfirmed is dropped",
        `${device.name}: event ${held.uid} at ${positionKey(held.stream, held.seq)}`,
      );
    }
  }
}

/** Its author may be asked for it again, when it has been put right. */
function checkHeldBack(device: Device, hub: Device, { stream, seq }: Held): void {
  const isHeldBack = hub.process?.log
    .quarantined(device.nodeId)
    .some(
      (run) => streamText(run.stream) === streamText(stream) && run.from <= seq && seq <= run.to,
    );
  if (isHeldBack !== true) return;
  throw new Violation(
    "nothing unconfirmed is dropped",
    `${device.name}: ${positionKey(stream, seq)} is held back at the hub`,
  );
}

/** A cut is durable. */
export function noteDropped(oracle: Oracle, device: Device, log: Log): void {
  const before = [...device.view.positionByUid.keys()];
  oracle.rescan(device, log);
  if (device.role !== "hub") return;
  for (const uid of before) {
    const fact = device.view.positionByUid.has(uid) ? undefined : oracle.facts.get(uid);
    if (fact !== undefined) fact.isDroppedAtHub = true;
  }
}

export function isBelowFloor(log: Log, held: Held): boolean {
  const index = log.findStream(held.stream);
  return index !== undefined && (log.stream(index).floor?.seq ?? 0) >= held.seq;
}
