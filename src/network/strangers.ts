/**
 * Who may take up a hub's handshakes: a state machine without sockets or timers, for
 * connections that have not shown a certificate yet. Three places:
 *
 *  - silent: connected, and not a byte came. Costs a socket and no more. Bounded in
 *    number, by address and in time; the oldest goes when a new one comes, never the
 *    newest.
 *  - knocking: the first bytes came, and no handshake is free. In order of arrival.
 *  - shaking: a handshake is under way, which takes memory and the processor. Bounded in
 *    number, by address and in time. One that has had time for a handshake on the slowest
 *    link gives its place to a knocking one; a younger one never does. So a thousand
 *    clinics that come in the same moment, from one address, are all served, and those
 *    who begin handshakes and leave them do not keep anybody out.
 */

export interface StrangerLimits {
  readonly silentMax: number;
  readonly silentPerAddressMax: number;
  readonly knockingMax: number;
  readonly shakingMax: number;
  readonly shakingPerAddressMax: number;
  /** From TCP accept to the first byte, and from there to the handshake's end. */
  readonly handshakeTimeoutMs: number;
  /** A handshake that took longer gives its place to one that waits. */
  readonly patienceMs: number;
}

const strangerDefaults: StrangerLimits = {
  // About 3 KB each.
  silentMax: 2_048,
  // A whole district may sit behind one address of a mobile network.
  silentPerAddressMax: 1_024,
  // Their first bytes are held, about 2 KB each.
  knockingMax: 2_048,
  // About 60 KB each while it lasts.
  shakingMax: 256,
  shakingPerAddressMax: 128,
  handshakeTimeoutMs: 30_000,
  // Four round trips of 2.5 s: the handshake, and the packets that were lost.
  patienceMs: 10_000,
};

export type StrangerCloseReason =
  | "the handshake took too long"
  | "too many connections at once"
  | "too many connections from one address";

export type StrangerEffect =
  /** Begin the handshake. */
  | { readonly kind: "shake"; readonly id: number }
  | { readonly kind: "close"; readonly id: number; readonly reason: StrangerCloseReason };

interface Stranger {
  readonly id: number;
  readonly address: string;
  /** Since when it is in its place. */
  sinceMs: number;
}

type StrangerPlace = "silent" | "knocking" | "shaking";

/** Strangers in one place, oldest first. */
type Queue = Map<number, Stranger>;

export class Strangers {
  private readonly limits: StrangerLimits;
  private readonly silent: Queue = new Map();
  private readonly knocking: Queue = new Map();
  private readonly shaking: Queue = new Map();
  private readonly effects: StrangerEffect[] = [];
  private decidedMs = Number.NEGATIVE_INFINITY;

  constructor(limits: Partial<StrangerLimits> = {}) {
    this.limits = { ...strangerDefaults, ...limits };
  }

  /** A TCP connection was accepted. `id` is the caller's and never used twice. */
  connected(id: number, input: { readonly address: string; readonly nowMs: number }): void {
    const { address, nowMs } = input;
    this.silent.set(id, { id, address, sinceMs: nowMs });
    const { silentMax, silentPerAddressMax } = this.limits;
    if (countOf(this.silent, address) > silentPerAddressMax)
      this.dropOldest(this.silent, address, "too many connections from one address");
    if (this.silent.size > silentMax)
      this.dropOldest(this.silent, busiest(this.silent), "too many connections at once");
  }

  /** Its first bytes came. The handshake begins when a `shake` effect names it. */
  knocked(id: number, nowMs: number): void {
    const stranger = this.silent.get(id);
    if (stranger === undefined) return;
    this.silent.delete(id);
    stranger.sinceMs = nowMs;
    this.knocking.set(id, stranger);
    this.decide(nowMs);
    if (this.knocking.size > this.limits.knockingMax)
      this.drop(this.knocking, stranger, "too many connections at once");
  }

  /** It is no stranger any more, or it is gone. */
  left(id: number, nowMs: number): void {
    this.silent.delete(id);
    this.knocking.delete(id);
    if (this.shaking.delete(id)) this.decide(nowMs);
  }

  /** Call at `nextDeadlineMs`. */
  tick(nowMs: number): void {
    for (const queue of [this.silent, this.knocking, this.shaking]) {
      for (const stranger of queue.values()) {
        if (nowMs - stranger.sinceMs < this.limits.handshakeTimeoutMs) break;
        this.drop(queue, stranger, "the handshake took too long");
      }
    }
    this.decide(nowMs);
  }

  nextDeadlineMs(): number | undefined {
    const { handshakeTimeoutMs, patienceMs } = this.limits;
    let next = Number.POSITIVE_INFINITY;
    for (const queue of [this.silent, this.knocking, this.shaking])
      for (const { sinceMs } of queue.values()) {
        next = Math.min(next, sinceMs + handshakeTimeoutMs);
        break;
      }
    // Whose patience counts depends on the address: the next of all is never too late.
    if (this.knocking.size > 0)
      for (const { sinceMs } of this.shaking.values()) {
        if (sinceMs + patienceMs > this.decidedMs) {
          next = Math.min(next, sinceMs + patienceMs);
          break;
        }
      }
    return Number.isFinite(next) ? next : undefined;
  }

  /** Next effect to carry out, or undefined once drained. */
  pollEffect(): StrangerEffect | undefined {
    return this.effects.shift();
  }

  counts(): Readonly<Record<StrangerPlace, number>> {
    return {
      silent: this.silent.size,
      knocking: this.knocking.size,
      shaking: this.shaking.size,
    };
  }

  /** The one place where handshakes begin. */
  private decide(nowMs: number): void {
    this.decidedMs = nowMs;
    const fullAddresses = new Set<string>();
    for (const stranger of this.knocking.values()) {
      const { id, address } = stranger;
      if (fullAddresses.has(address)) continue;
      if (!this.hasRoomFor(address, nowMs)) {
        // Others may come from an address that has room.
        fullAddresses.add(address);
        continue;
      }
      if (!this.hasRoom(nowMs)) return;
      this.knocking.delete(id);
      stranger.sinceMs = nowMs;
      this.shaking.set(id, stranger);
      this.effects.push({ kind: "shake", id });
    }
  }

  private hasRoomFor(address: string, nowMs: number): boolean {
    if (countOf(this.shaking, address) < this.limits.shakingPerAddressMax) return true;
    return this.takePlace(address, nowMs, "too many connections from one address");
  }

  private hasRoom(nowMs: number): boolean {
    if (this.shaking.size < this.limits.shakingMax) return true;
    return this.takePlace(busiest(this.shaking), nowMs, "too many connections at once");
  }

  private takePlace(address: string, nowMs: number, reason: StrangerCloseReason): boolean {
    const slowest = oldestOf(this.shaking, address);
    if (slowest === undefined || nowMs - slowest.sinceMs < this.limits.patienceMs) return false;
    this.drop(this.shaking, slowest, reason);
    return true;
  }

  private dropOldest(queue: Queue, address: string, reason: StrangerCloseReason): void {
    const stranger = oldestOf(queue, address);
    if (stranger !== undefined) this.drop(queue, stranger, reason);
  }

  private drop(queue: Queue, stranger: Stranger, reason: StrangerCloseReason): void {
    queue.delete(stranger.id);
    this.effects.push({ kind: "close", id: stranger.id, reason });
  }
}

function oldestOf(queue: Queue, address: string): Stranger | undefined {
  for (const stranger of queue.values()) if (stranger.address === address) return stranger;
  return undefined;
}

function countOf(queue: Queue, address: string): number {
  let count = 0;
  for (const stranger of queue.values()) if (stranger.address === address) count++;
  return count;
}

/** One attacker with many connections must not push out others' few. */
function busiest(queue: Queue): string {
  const countByAddress = new Map<string, number>();
  for (const { address } of queue.values())
    countByAddress.set(address, (countByAddress.get(address) ?? 0) + 1);
  let found = "";
  let most = 0;
  for (const [address, count] of countByAddress) {
    if (count <= most) continue;
    most = count;
    found = address;
  }
  return found;
}
