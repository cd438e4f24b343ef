/** What a device's log is known to hold durably, position by position, since when. */
import type { Hlc } from "../src/core/clock/hlc.ts";
import type { StreamId } from "../src/core/event.ts";

export interface Held {
  readonly stream: StreamId;
  readonly seq: number;
  readonly uid: number;
  /** Hex of the 16-byte chain: the content of this event and of all before it. */
  readonly chain: string;
  readonly hlc: Hlc;
  /** Since when it is held without a break. */
  readonly sinceMs: number;
}

export class DeviceView {
  held = new Map<string, Held>();
  positionByUid = new Map<number, string>();
  lastOrdinal = 0;
  /** The newest event of this device's own that was acknowledged. */
  lastAcked: { readonly epoch: number; readonly hlc: Hlc } | undefined;
  /** Positions that the log itself names as missing. */
  holes = new Set<string>();
}

export function epochKey(stream: StreamId): string {
  return `${stream.node} ${stream.epoch}`;
}

export function positionKey(stream: StreamId, seq: number): string {
  return `${stream.node} ${stream.epoch} ${stream.lane} ${seq}`;
}

export function streamText(stream: StreamId): string {
  return `${stream.node} ${stream.epoch.toString(16)} '${stream.lane}'`;
}
