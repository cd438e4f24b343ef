/**
 * The clock that issues a node's HLCs. One clock serves all lanes of a node.
 *
 * Invariant: `tick` returns more than everything issued or accepted before,
 * whatever the wall clock does: hours back, 1970, 2099, or nonsense. Only
 * `restart`, which belongs to a fresh epoch (RULES 38), goes back.
 *
 * It never reads a clock itself and keeps nothing: after a restart of the
 * process it is made again from the last HLC of the log.
 */
import { assert } from "../errors/zam-error.ts";
import { hlcMsMax } from "../event.ts";
import type { Hlc } from "./hlc.ts";
import { hlcCounterMax, hlcZero } from "./hlc.ts";

/** 24 h: how far ahead of the reference a remote HLC may be and still pull the clock along. */
export const maxClockDriftDefaultMs = 86_400_000;
/** For the one case that has no bound: a clinic that listens to its authenticated hub. */
export const unboundedDriftMs = Number.POSITIVE_INFINITY;

export type ClockReceive =
  /** The clock is now at or beyond the remote HLC. */
  | { readonly kind: "merged" }
  /** Too far ahead: the clock is untouched, the event is stored as it is and reported. */
  | { readonly kind: "driftExceeded"; readonly aheadMs: number };

/** One shared object: receiving allocates nothing. */
const merged: ClockReceive = { kind: "merged" };

export class HybridClock {
  private lastMs: number;
  private lastCounter: number;

  /** `last` is the last HLC of the log, or `hlcZero` for a new one. */
  constructor(last: Hlc = hlcZero) {
    this.lastMs = last.ms;
    this.lastCounter = last.counter;
  }

  /** The greatest HLC issued or accepted. */
  get last(): Hlc {
    return { ms: this.lastMs, counter: this.lastCounter };
  }

  /** Issues the next HLC. `wallMs` may be anything; see `believableMs`. */
  tick(wallMs: number): Hlc {
    const wall = believableMs(wallMs);
    if (wall > this.lastMs) {
      this.lastMs = wall;
      this.lastCounter = 0;
    } else if (this.lastCounter < hlcCounterMax) {
      this.lastCounter++;
    } else {
      this.lastMs++;
      this.lastCounter = 0;
    }
    // Out of reach: neither the wall clock nor a peer can bring `lastMs` to within
    // 65,536 events a millisecond of the year 2200.
    assert(this.lastMs < hlcMsMax, "the HLC stays before the year 2200");
    return { ms: this.lastMs, counter: this.lastCounter };
  }

  /**
   * Takes notice of a remote HLC. `referenceMs` comes from `driftReferenceMs`;
   * `maxDriftMs` is `unboundedDriftMs` only on a clinic, for what its hub wrote.
   */
  receive(remote: Hlc, referenceMs: number, maxDriftMs: number): ClockReceive {
    const aheadMs = remote.ms - referenceMs;
    if (aheadMs > maxDriftMs || remote.ms >= receivableMsMax) {
      return { kind: "driftExceeded", aheadMs };
    }
    if (
      remote.ms > this.lastMs ||
      (remote.ms === this.lastMs && remote.counter > this.lastCounter)
    ) {
      this.lastMs = remote.ms;
      this.lastCounter = remote.counter;
    }
    return merged;
  }

  /** A fresh epoch begins at `atMs` (RULES 38): the only way back. */
  restart(atMs: number): void {
    this.lastMs = believableMs(atMs);
    this.lastCounter = 0;
  }
}

/**
 * What drift is measured from (RULES 38): a device whose battery-less clock
 * says 1970 still knows when it was built and what its hub last told it.
 */
export function driftReferenceMs(clocks: {
  readonly wallMs: number;
  /** When this build was made. */
  readonly buildMs: number;
  /** Newest time taken from an authenticated hub; 0 when there was none. */
  readonly trustedMs: number;
}): number {
  return Math.max(believableMs(clocks.wallMs), clocks.buildMs, clocks.trustedMs);
}

/**
 * True when a node must go on in a fresh epoch because its own HLC has run
 * away (RULES 38). `trustedMs` is the hub's time now, as just received; an old
 * one would accuse every node that was merely offline.
 */
export function isClockAstray(
  last: Hlc,
  trustedMs: number,
  maxDriftMs: number = maxClockDriftDefaultMs,
): boolean {
  return trustedMs > 0 && last.ms - trustedMs > maxDriftMs;
}

/** A day before 2200: whatever is received leaves room to count on from there. */
const receivableMsMax = hlcMsMax - 86_400_000;

/** Whole milliseconds, or 0 (so that the clock just counts on) for a wall clock before 1970, near 2200, or NaN. */
function believableMs(wallMs: number): number {
  return wallMs > 0 && wallMs < receivableMsMax ? Math.floor(wallMs) : 0;
}
