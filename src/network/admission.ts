/**
 * Which of the peers that have shown their certificate may have how much of a hub at
 * a time (strangers.ts has those who have not): a state machine without sockets or
 * timers. Three places, each with a bound of its own, so that none can starve another:
 *
 *  - waiting: in order of arrival, one a node. A node that comes again takes over its
 *    own place.
 *  - transferring: at most `maxPeers`. One that has been silent for a while yields its
 *    place to those who wait, and so does, much sooner, one that has not greeted: an
 *    honest HELLO comes with the end of the handshake. It may go on, as stalled, until
 *    there are too many of those. A node that comes again while it has a place is let
 *    in at once, in that place: its older connection is the one that is dead.
 *  - idle: kept open with nothing to do. The oldest goes first.
 */

export interface AdmissionLimits {
  /** Transferring at the same time. */
  readonly maxPeers: number;
  readonly waitingMax: number;
  readonly idleMax: number;
  /** A transferring session that was silent this long yields its place, when others wait. */
  readonly stallMs: number;
  /** One that has not greeted for so long yields it, whatever bytes it sends. */
  readonly greetingMs: number;
  readonly stalledMax: number;
}

export const admissionDefaults: AdmissionLimits = {
  maxPeers: 64,
  waitingMax: 1_024,
  idleMax: 1_024,
  // Three round trips on the slowest link.
  stallMs: 8_000,
  greetingMs: 1_000,
  stalledMax: 64,
};

export type CloseReason =
  | "the same node came again"
  | "too many nodes are waiting"
  | "too many idle connections"
  | "silent while others were waiting";

export type AdmissionEffect =
  | { readonly kind: "admit"; readonly id: number }
  | { readonly kind: "close"; readonly id: number; readonly reason: CloseReason };

type Place = "waiting" | "transferring" | "stalled" | "idle";

interface Entry {
  readonly id: number;
  readonly nodeId: string;
  place: Place;
  /** Since when it is in its place; for transferring ones, when it last moved. */
  sinceMs: number;
  /** Order in its place; smaller is older. */
  order: number;
  hasGreeted: boolean;
}

export class Admission {
  private readonly limits: AdmissionLimits;
  private readonly entries = new Map<number, Entry>();
  /** The same entries by place. */
  private readonly places: Readonly<Record<Place, Set<Entry>>> = {
    waiting: new Set(),
    transferring: new Set(),
    stalled: new Set(),
    idle: new Set(),
  };
  private readonly effects: AdmissionEffect[] = [];
  private nextOrder = 1;

  constructor(limits: Partial<AdmissionLimits> = {}) {
    this.limits = { ...admissionDefaults, ...limits };
  }

  /**
   * The handshake is over and the peer is trusted. It waits until an `admit` effect
   * names it. `id` is the caller's and never used twice.
   */
  authenticated(id: number, input: { readonly nodeId: string; readonly nowMs: number }): void {
    const { nodeId, nowMs } = input;
    const own = [...this.entries.values()].filter((other) => other.nodeId === nodeId);
    const entry: Entry = {
      id,
      nodeId,
      place: "waiting",
      sinceMs: nowMs,
      order: this.nextOrder++,
      hasGreeted: false,
    };
    this.entries.set(id, entry);
    this.places.waiting.add(entry);
    if (this.takeOver(entry, own, nowMs)) return;
    for (const other of own) {
      if (other.place !== "waiting") continue;
      entry.order = Math.min(entry.order, other.order);
      this.drop(other, "the same node came again");
    }
    if (this.places.waiting.size > this.limits.waitingMax)
      this.drop(entry, "too many nodes are waiting");
    this.decide(nowMs);
  }

  /** Its HELLO was accepted. */
  greeted(id: number, nowMs: number): void {
    const entry = this.entries.get(id);
    if (entry === undefined) return;
    entry.hasGreeted = true;
    this.progressed(id, nowMs);
  }

  /** Bytes came from a transferring session. */
  progressed(id: number, nowMs: number): void {
    const entry = this.entries.get(id);
    if (entry?.hasGreeted !== true) return;
    if (entry.place === "stalled") this.moveTo(entry, "transferring", nowMs);
    if (entry.place === "transferring") entry.sinceMs = nowMs;
  }

  /** A transferring session has nothing left to do and stays open. */
  becameIdle(id: number, nowMs: number): void {
    const entry = this.entries.get(id);
    if (entry?.place !== "transferring" && entry?.place !== "stalled") return;
    this.moveTo(entry, "idle", nowMs);
    if (this.places.idle.size > this.limits.idleMax)
      this.dropOldest("idle", "too many idle connections");
    this.decide(nowMs);
  }

  /** An idle session has something to do again. It is not made to wait: it is known and established. */
  becameBusy(id: number, nowMs: number): void {
    const entry = this.entries.get(id);
    if (entry?.place === "idle") this.moveTo(entry, "transferring", nowMs);
  }

  /** The connection is gone, for whatever reason. */
  closed(id: number, nowMs: number): void {
    const entry = this.entries.get(id);
    if (entry === undefined) return;
    this.forget(entry);
    this.decide(nowMs);
  }

  /** Call at `nextDeadlineMs`. */
  tick(nowMs: number): void {
    this.decide(nowMs);
  }

  nextDeadlineMs(): number | undefined {
    if (this.places.waiting.size === 0) return undefined;
    let next = Number.POSITIVE_INFINITY;
    for (const entry of this.places.transferring)
      next = Math.min(next, entry.sinceMs + this.patienceMs(entry));
    return Number.isFinite(next) ? next : undefined;
  }

  /** Next effect to carry out, or undefined once drained. */
  pollEffect(): AdmissionEffect | undefined {
    return this.effects.shift();
  }

  counts(): Readonly<Record<Place, number>> {
    const { waiting, transferring, stalled, idle } = this.places;
    return {
      waiting: waiting.size,
      transferring: transferring.size,
      stalled: stalled.size,
      idle: idle.size,
    };
  }

  /** The one place that lets anybody in. */
  private decide(nowMs: number): void {
    const { waiting, transferring } = this.places;
    while (waiting.size > 0) {
      if (transferring.size >= this.limits.maxPeers && !this.yieldPlace(nowMs)) return;
      const next = oldest(waiting);
      if (next === undefined) return;
      this.moveTo(next, "transferring", nowMs);
      this.effects.push({ kind: "admit", id: next.id });
    }
  }

  /** True when a place of the same node's older connection was taken. At most one older one stays. */
  private takeOver(entry: Entry, own: readonly Entry[], nowMs: number): boolean {
    const holder = own.find((other) => other.place === "transferring");
    if (holder === undefined) return false;
    for (const other of own) {
      if (other !== holder) this.drop(other, "the same node came again");
    }
    this.moveTo(holder, "stalled", nowMs);
    this.moveTo(entry, "transferring", nowMs);
    this.effects.push({ kind: "admit", id: entry.id });
    this.boundStalled();
    return true;
  }

  private boundStalled(): void {
    if (this.places.stalled.size > this.limits.stalledMax)
      this.dropOldest("stalled", "silent while others were waiting");
  }

  private patienceMs({ hasGreeted }: Entry): number {
    return hasGreeted ? this.limits.stallMs : this.limits.greetingMs;
  }

  private yieldPlace(nowMs: number): boolean {
    let first: Entry | undefined;
    for (const entry of this.places.transferring) {
      if (nowMs - entry.sinceMs < this.patienceMs(entry)) continue;
      if (first === undefined || entry.sinceMs < first.sinceMs) first = entry;
    }
    if (first === undefined) return false;
    this.moveTo(first, "stalled", nowMs);
    this.boundStalled();
    return true;
  }

  private moveTo(entry: Entry, place: Place, nowMs: number): void {
    this.places[entry.place].delete(entry);
    this.places[place].add(entry);
    entry.place = place;
    entry.sinceMs = nowMs;
    entry.order = this.nextOrder++;
  }

  private forget(entry: Entry): void {
    this.entries.delete(entry.id);
    this.places[entry.place].delete(entry);
  }

  private drop(entry: Entry, reason: CloseReason): void {
    this.forget(entry);
    this.effects.push({ kind: "close", id: entry.id, reason });
  }

  private dropOldest(place: Place, reason: CloseReason): void {
    const entry = oldest(this.places[place]);
    if (entry !== undefined) this.drop(entry, reason);
  }
}

function oldest(entries: Iterable<Entry>): Entry | undefined {
  let found: Entry | undefined;
  for (const entry of entries) {
    if (found === undefined || entry.order < found.order) found = entry;
  }
  return found;
}
