/**
 * When a link's connections die, or stall: by a plan that counts delivered bytes, or
 * time. Invariant: with a byte count, exactly that many bytes are delivered before it
 * happens, and not one more.
 */
import type { LinkClock } from "./link-clock.ts";
import type { Direction } from "./link-flow.ts";

/**
 * What happens. `rst` and `fin`: both sides are told. `silence`: both sockets stay
 * open, and nothing arrives any more. `stall`: nothing moves for `downMs`, then
 * everything held arrives, as after a retransmission.
 */
export type CutMode = "rst" | "fin" | "silence" | "stall";

export const cutModes: readonly CutMode[] = ["rst", "fin", "silence", "stall"];

type CutTrigger =
  | {
      /** Bytes delivered in `direction` (default: in both together). */
      readonly afterBytes: number;
      readonly direction?: Direction | "both";
    }
  | {
      /** Milliseconds after the connection was accepted. */
      readonly afterMs: number;
    };

export type CutPlan = CutTrigger & {
  readonly mode: CutMode;
  /**
   * `connection` (default): each connection by itself, once. `link`: the bytes of all
   * are counted together, or the time from the first, and all die together.
   */
  readonly scope?: "connection" | "link";
  /** Refuse (or with silence: swallow) new connections for so long after it; how long a stall lasts. Default 0. */
  readonly downMs?: number;
  /** How often; default: with every connection, and for the whole link once. */
  readonly times?: number;
};

/** What the plan looks at in a connection. */
export interface CutSubject {
  readonly upBytes: number;
  readonly downBytes: number;
  readonly isAlive: boolean;
}

export class CutSchedule<Subject extends CutSubject> {
  private plan: CutPlan | undefined;
  private readonly clock: LinkClock;
  /** Does what the plan says to one connection, or to all when it is undefined. */
  private readonly onCut: (plan: CutPlan, subject: Subject | undefined) => void;
  private happened = 0;
  private met = new WeakSet<Subject>();
  private total = { up: 0, down: 0 };
  private timers: (() => void)[] = [];

  constructor(clock: LinkClock, onCut: (plan: CutPlan, subject: Subject | undefined) => void) {
    this.clock = clock;
    this.onCut = onCut;
  }

  /** Replaces the plan, also for living connections; counting begins anew. */
  set(plan: CutPlan | undefined): void {
    for (const cancel of this.timers) cancel();
    this.plan = plan;
    this.happened = 0;
    this.met = new WeakSet();
    this.total = { up: 0, down: 0 };
    this.timers = [];
  }

  /** A connection was accepted: from now on its time counts. */
  begin(subject: Subject): void {
    const { plan } = this;
    if (plan === undefined || !("afterMs" in plan)) return;
    const isForAll = plan.scope === "link";
    if (isForAll && this.timers.length > 0) return;
    const dueMs = this.clock.monotonicMs() + plan.afterMs;
    this.timers.push(
      this.clock.at(dueMs, () => {
        if (isForAll || subject.isAlive) this.happen(plan, subject);
      }),
    );
  }

  /** How many more bytes may be delivered in this direction before it happens. */
  allowance(subject: Subject, direction: Direction): number {
    const { plan } = this;
    if (plan === undefined || !("afterBytes" in plan) || this.isOver(plan, subject))
      return Number.POSITIVE_INFINITY;
    const counted = plan.direction ?? "both";
    if (counted !== "both" && counted !== direction) return Number.POSITIVE_INFINITY;
    const { up, down } =
      plan.scope === "link" ? this.total : { up: subject.upBytes, down: subject.downBytes };
    const bytes = (counted === "down" ? 0 : up) + (counted === "up" ? 0 : down);
    return Math.max(0, plan.afterBytes - bytes);
  }

  /** Bytes have been delivered; whatever they set off happens now. */
  delivered(subject: Subject, direction: Direction, sizeBytes: number): void {
    this.total[direction] += sizeBytes;
    if (this.plan !== undefined && this.allowance(subject, direction) === 0)
      this.happen(this.plan, subject);
  }

  private isOver(plan: CutPlan, subject: Subject): boolean {
    const isForAll = plan.scope === "link";
    if (!isForAll && this.met.has(subject)) return true;
    return this.happened >= (plan.times ?? (isForAll ? 1 : Number.POSITIVE_INFINITY));
  }

  private happen(plan: CutPlan, subject: Subject): void {
    if (this.isOver(plan, subject)) return;
    this.happened++;
    this.met.add(subject);
    this.total = { up: 0, down: 0 };
    this.onCut(plan, plan.scope === "link" ? undefined : subject);
  }
}
