/**
 * What the lab compares: ways to bring a clinic's events to a hub. Each is run as its
 * users would run it, over the same link, with the same events.
 *
 * A peer owns its processes, its files, and what it does after a cut: `sync` goes on
 * until the hub holds everything, as the script of a clinic would.
 */
import type { ClinicEvent } from "../clinic-events.ts";
import type { ProcessWatch } from "../process-watch.ts";

export interface Peer {
  /** As given to `--peers`. */
  readonly name: string;
  readonly title: string;
  /** How it was set up, for the report. */
  readonly tuning: string;
  readonly isEncrypted: boolean;
  /** Why it cannot run on this machine; undefined when it can. May install what it needs. */
  missing(): Promise<string | undefined>;
  openHub(place: HubPlace): Promise<PeerHub>;
}

export interface HubPlace {
  /** An empty folder of the hub's own. */
  readonly dir: string;
  readonly watch: ProcessWatch;
}

export interface PeerHub {
  readonly port: number;
  addClinic(name: string): Promise<PeerClinic>;
  /** How many events of a clinic it holds durably. */
  held(clinic: string): Promise<number>;
  close(): Promise<void>;
}

export interface PeerClinic {
  /** Into the clinic's own storage; nothing travels yet. */
  write(events: readonly ClinicEvent[]): Promise<void>;
  /** Over a new connection, by a new process, until the hub holds everything. */
  sync(address: string): Promise<void>;
  /** Undefined where a tool has no such thing as a connection that stays. */
  readonly stay?: (address: string) => Promise<StayingClinic>;
}

/** A clinic whose connection is open. */
export interface StayingClinic {
  /** Writes events; they travel at once. Returns when the clinic knows that the hub holds them, or before. */
  push(events: readonly ClinicEvent[]): Promise<void>;
  close(): Promise<void>;
}

/** How long the script around a tool waits before it tries again. */
export const retryDelayMs = 1000;

/** Payloads a line each, as a log file would hold them. */
export function ndjson(events: readonly ClinicEvent[]): string {
  return events.map(({ payload }) => `${payload}\n`).join("");
}
