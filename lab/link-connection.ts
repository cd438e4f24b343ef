/**
 * One connection through an emulated link: a flow each way, its counters, and the
 * ways in which it can die. See link.ts for the model.
 */
import type { Socket } from "node:net";
import type { LinkClock } from "./link-clock.ts";
import type { CutMode, CutSchedule, CutSubject } from "./link-cuts.ts";
import { Flow } from "./link-flow.ts";
import type { Direction, FlowOwner, Line } from "./link-flow.ts";

/** A stall kills nobody. */
export type DeadlyCut = Exclude<CutMode, "stall">;

export interface ConnectionCounters {
  readonly id: number;
  /** Bytes delivered to the target, and to the client. */
  readonly upBytes: number;
  readonly downBytes: number;
  /** Bytes read from the client and from the target; more than delivered when a cut lost some. */
  readonly upOfferedBytes: number;
  readonly downOfferedBytes: number;
  /** Bytes that were on their way when it died, and never arrived. */
  readonly upLostBytes: number;
  readonly downLostBytes: number;
  /** When it was accepted, and when the latest byte was delivered to the client (`performance.now()`). */
  readonly acceptedAtMs: number;
  readonly answeredAtMs: number | undefined;
  /** Undefined while it lives: a cut's mode, or `closed` when an end closed it. */
  readonly ended: DeadlyCut | "closed" | undefined;
}

/** What a connection needs to know about the link that it belongs to. */
export interface LinkState {
  readonly clock: LinkClock;
  readonly queueBytes: number;
  readonly cuts: CutSchedule<Connection>;
  isPaused: boolean;
}

export class Connection implements FlowOwner, CutSubject {
  readonly id: number;
  readonly openAtMs: number;
  private readonly acceptedAtMs: number;
  isOpen = false;
  private readonly link: LinkState;
  private readonly client: Socket;
  private readonly target: Socket;
  private readonly up: Flow;
  private readonly down: Flow;
  private ended: ConnectionCounters["ended"];

  constructor(
    id: number,
    link: LinkState,
    lines: { readonly up: Line; readonly down: Line },
    ends: { readonly client: Socket; readonly target: Socket; readonly openAtMs: number },
  ) {
    this.id = id;
    this.link = link;
    this.client = ends.client;
    this.target = ends.target;
    this.acceptedAtMs = link.clock.monotonicMs();
    this.openAtMs = ends.openAtMs;
    this.up = new Flow("up", lines.up, { from: ends.client, to: ends.target }, this);
    this.down = new Flow("down", lines.down, { from: ends.target, to: ends.client }, this);
    const onClose = () => {
      if (this.client.destroyed && this.target.destroyed) this.finish("closed");
    };
    this.client.on("close", onClose);
    this.target.on("close", onClose);
    const onOpen = () => {
      this.isOpen = true;
      this.deliver();
    };
    this.target.on("connect", onOpen);
    this.target.on("error", onOpen);
  }

  get clock(): LinkClock {
    return this.link.clock;
  }

  get queueBytes(): number {
    return this.link.queueBytes;
  }

  get isPaused(): boolean {
    return this.link.isPaused;
  }

  get isAlive(): boolean {
    return this.ended === undefined;
  }

  deliver(): void {
    this.up.deliver();
    this.down.deliver();
  }

  get upBytes(): number {
    return this.up.deliveredBytes;
  }

  get downBytes(): number {
    return this.down.deliveredBytes;
  }

  allowance(direction: Direction): number {
    return this.link.cuts.allowance(this, direction);
  }

  delivered(direction: Direction, sizeBytes: number): void {
    this.link.cuts.delivered(this, direction, sizeBytes);
  }

  cut(mode: DeadlyCut): void {
    if (!this.isAlive) return;
    this.finish(mode);
    if (mode === "silence") return;
    for (const socket of [this.client, this.target]) {
      if (mode === "rst") socket.resetAndDestroy();
      else {
        socket.end();
        socket.resume();
      }
    }
  }

  /** An end reset its side: the reset has travelled, and reaches the other. */
  resetByEnd(): void {
    if (!this.isAlive) return;
    this.finish("closed");
    this.client.resetAndDestroy();
    this.target.resetAndDestroy();
  }

  private finish(how: DeadlyCut | "closed"): void {
    if (this.ended !== undefined) return;
    this.ended = how;
    this.up.kill();
    this.down.kill();
  }

  destroy(): void {
    this.finish("closed");
    this.client.destroy();
    this.target.destroy();
  }

  counters(): ConnectionCounters {
    return {
      id: this.id,
      upBytes: this.upBytes,
      downBytes: this.downBytes,
      upOfferedBytes: this.up.offeredBytes,
      downOfferedBytes: this.down.offeredBytes,
      upLostBytes: this.up.lostBytes,
      downLostBytes: this.down.lostBytes,
      acceptedAtMs: this.acceptedAtMs,
      answeredAtMs: this.down.deliveredAtMs,
      ended: this.ended,
    };
  }
}
