/**
 * Who may have how much of a hub at a time: a state machine without sockets or
 * timers. Four places, each with a bound of its own, so that none can starve
 * another:
 *
 *  - strangers: connected, handshake not finished. Bounded in number, by address
 *    and in time; the oldest goes when a new one comes, never the newest.
 *  - waiting: authenticated, in order of arrival, one a node. A node that comes
 *    again takes over its own place.
 *  - transferring: at most `maxPeers`. One that has been silent for a while
 *    yields its place to those who wait; it may go on, as stalled, until there
 *    are too many of those. A node that comes again while it has a place is let
 *    in at once, in that place: its older connection is the one that is dead.
 *  - idle: kept open with nothing to do. The oldest goes first.
 */

export interface AdmissionLimits {
  /** Transferring at the same time. */
  readonly maxPeers: number;
  readonly strangersMax: number;
  readonly strangersPerAddressMax: number;
  /** From TCP accept to the end of the handshake. */
  readonly handshakeTimeoutMs: number;
  readonly waitingMax: number;
  readonly idleMax: number;
  /** A transferring session that was silent this long yields its place, when others wait. */
  readonly stallMs: number;
  readonly stalledMax: number;
}

export const admissionDefaults: AdmissionLimits = {
  maxPeers: 64,
  // A stranger costs about 60 KB while its handshake lasts.
  strangersMax: 256,
  // A whole district may sit behind one address of a mobile network.
  strangersPerAddressMax: 64,
  handshakeTimeoutMs: 30_000,
  waitingMax: 1_024,
  idleMax: 1_024,
  // Three round trips on the slowest link.
  stallMs: 8_000,
  stalledMax: 64,
};

export type CloseReason =
  | "the handshake took too long"
  | "too many connections at once"
  | "too many connections from one address"
  | "the same node came again"
  | "too many nodes are waiting"
  | "too many idle connections"
  | "silent while others were waiting";

export type AdmissionEffect =
  | { readonly kind: "admit"; readonly id: number }
  | { readonly kind: "close"; readonly id: number; readonly reason: CloseReason };

type Place = "stranger" | "waiting" | "transferring" | "stalled" | "idle";

interface Entry {
  readonly id: number;
  readonly address: string;
  nodeId: string;
  place: Place;
  /** Since when it is in its place; for transferring ones, when it last moved. */
  sinceMs: number;
  /** Order in its place; smaller is older. */
  order: number;
}

export class Admission {
  private readonly limits: AdmissionLimits;
  private readonly entries = new Map<number, Entry>();
  private readonly effects: AdmissionEffect[] = [];
  private nextOrder = 1;

  constructor(limits: Partial<AdmissionLimits> = {}) {
    this.limits = { ...admissionDefaults, ...limits };
  }

  /** A TCP connection was accepted. `id` is the caller's and never used twice. */
  connected(id: number, input: { readonly address: string; readonly nowMs: number }): void {
    const { address, nowMs } = input;
    const entry: Entry = {
      id,
      address,
      nodeId: "",
      place: "stranger",
      sinceMs: nowMs,
      order: this.nextOrder++,
    };
    this.entries.set(id, entry);
    const { strangersMax, strangersPerAddressMax } = this.limits;
    if (this.strangersOf(address).length > strangersPerAddressMax) {
      this.dropOldest(this.strangersOf(address), "too many connections from one address");
    }
    if (this.in("stranger").length > strangersMax) {
      this.dropOldest(this.strangersOf(this.busiestAddress()), "too many connections at once");
    }
  }

  /** The handshake is over and the peer is trusted. It waits until an `admit` effect names it. */
  authenticated(id: number, input: { readonly nodeId: string; readonly nowMs: number }): void {
    const entry = this.entries.get(id);
    if (entry?.place !== "stranger") return;
    entry.nodeId = input.nodeId;
    if (this.takeOver(entry, input.nowMs)) return;
    this.moveTo(entry, "waiting", input.nowMs);
    for (const other of this.in("waiting")) {
      if (other === entry || other.nodeId !== entry.nodeId) continue;
      entry.order = Math.min(entry.order, other.order);
      this.drop(other, "the same node came again");
    }
    const waiting = this.in("waiting");
    if (waiting.length > this.limits.waitingMax) this.drop(entry, "too many nodes are waiting");
    this.decide(input.nowMs);
  }

  /** Bytes came from a transferring session. */
  progressed(id: number, nowMs: number): void {
    const entry = this.entries.get(id);
    if (entry?.place === "stalled") this.moveTo(entry, "transferring", nowMs);
    if (entry?.place === "transferring") entry.sinceMs = nowMs;
  }

  /** A transferring session has nothing left to do and stays open. */
  becameIdle(id: number, nowMs: number): void {
    const entry = this.entries.get(id);
    if (entry?.place !== "transferring" && entry?.place !== "stalled") return;
    this.moveTo(entry, "idle", nowMs);
    if (this.in("idle").length > this.limits.idleMax) {
      this.dropOldest(this.in("idle"), "too many idle connections");
    }
    this.decide(nowMs);
  }

  /** An idle session has something to do again. It is not made to wait: it is known and established. */
  becameBusy(id: number, nowMs: number): void {
    const entry = this.entries.get(id);
    if (entry?.place === "idle") this.moveTo(entry, "transferring", nowMs);
  }

  /** The connection is gone, for whatever reason. */
  closed(id: number, nowMs: number): void {
    if (this.entries.delete(id)) this.decide(nowMs);
  }

  /** Call at `nextDeadlineMs`. */
  tick(nowMs: number): void {
    const { handshakeTimeoutMs } = this.limits;
    for (const entry of this.in("stranger")) {
      if (nowMs - entry.sinceMs >= handshakeTimeoutMs) {
        this.drop(entry, "the handshake took too long");
      }
    }
    this.decide(nowMs);
  }

  nextDeadlineMs(): number | undefined {
    let next = Number.POSITIVE_INFINITY;
    const isQueued = this.in("waiting").length > 0;
    for (const entry of this.entries.values()) {
      if (entry.place === "stranger") {
        next = Math.min(next, entry.sinceMs + this.limits.handshakeTimeoutMs);
      }
      if (entry.place === "transferring" && isQueued) {
        next = Math.min(next, entry.sinceMs + this.limits.stallMs);
      }
    }
    return Number.isFinite(next) ? next : undefined;
  }

  /** Next effect to carry out, or undefined once drained. */
  pollEffect(): AdmissionEffect | undefined {
    return this.effects.shift();
  }

  counts(): Readonly<Record<Place, number>> {
    const counts = { stranger: 0, waiting: 0, transferring: 0, stalled: 0, idle: 0 };
    for (const entry of this.entries.values()) counts[entry.place]++;
    return counts;
  }

  /** The one place that lets anybody in. */
  private decide(nowMs: number): void {
    for (;;) {
      const next = oldest(this.in("waiting"));
      if (next === undefined) return;
      if (this.in("transferring").length >= this.limits.maxPeers && !this.yieldPlace(nowMs)) return;
      this.moveTo(next, "transferring", nowMs);
      this.effects.push({ kind: "admit", id: next.id });
    }
  }

  /** True when a place of the same node's older connection was taken. At most one older one stays. */
  private takeOver(entry: Entry, nowMs: number): boolean {
    const own = [...this.entries.values()].filter(
      (other) => other !== entry && other.nodeId === entry.nodeId && other.place !== "stranger",
    );
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
    if (this.in("stalled").length > this.limits.stalledMax) {
      this.dropOldest(this.in("stalled"), "silent while others were waiting");
    }
  }

  private yieldPlace(nowMs: number): boolean {
    const silent = this.in("transferring").filter(
      (entry) => nowMs - entry.sinceMs >= this.limits.stallMs,
    );
    silent.sort((a, b) => a.sinceMs - b.sinceMs);
    const [first] = silent;
    if (first === undefined) return false;
    this.moveTo(first, "stalled", nowMs);
    this.boundStalled();
    return true;
  }

  private moveTo(entry: Entry, place: Place, nowMs: number): void {
    entry.place = place;
    entry.sinceMs = nowMs;
    entry.order = this.nextOrder++;
  }

  private drop(entry: Entry, reason: CloseReason): void {
    this.entries.delete(entry.id);
    this.effects.push({ kind: "close", id: entry.id, reason });
  }

  private dropOldest(entries: readonly Entry[], reason: CloseReason): void {
    const entry = oldest(entries);
    if (entry !== undefined) this.drop(entry, reason);
  }

  private in(place: Place): Entry[] {
    return [...this.entries.values()].filter((entry) => entry.place === place);
  }

  private strangersOf(address: string): Entry[] {
    return this.in("stranger").filter((entry) => entry.address === address);
  }

  /** One attacker with many connections must not push out others' few. */
  private busiestAddress(): string {
    const countByAddress = new Map<string, number>();
    for (const { address } of this.in("stranger")) {
      countByAddress.set(address, (countByAddress.get(address) ?? 0) + 1);
    }
    let busiest = "";
    let most = 0;
    for (const [address, count] of countByAddress) {
      if (count <= most) continue;
      most = count;
      busiest = address;
    }
    return busiest;
  }
}

function oldest(entries: readonly Entry[]): Entry | undefined {
  let found: Entry | undefined;
  for (const entry of entries) {
    if (found === undefined || entry.order < found.order) found = entry;
  }
  return found;
}
