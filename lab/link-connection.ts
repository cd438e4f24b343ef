/**
 * One connection through an emulated link: a flow each way, its counters, and the
 * ways in which it can die. See link.ts for the model.
 */
import type { Socket } from "node:net";
import { Flow } from "./link-flow.ts";
import type { Direction, FlowOwner, Line } from "./link-flow.ts";

/** How a connection dies. `silence`: both sockets stay open, and nothing arrives any more. */
export type CutMode = "rst" | "fin" | "silence";

export interface CutPlan {
  /** Counted in bytes delivered on one connection, in `direction`, or in both together. */
  readonly afterBytes: number;
  readonly direction?: Direction | "both";
  readonly mode: CutMode;
  /** Refuse (or with silence: swallow) new connections for so long after the cut. Default 0. */
  readonly downMs?: number;
  /** How many connections die by this plan; default all. */
  readonly times?: number;
}

export interface ConnectionCounters {
  readonly id: number;
  /** Bytes delivered to the target, and to the client. */
  readonly upBytes: number;
  readonly downBytes: number;
  /** Bytes read from the client and from the target; more than delivered when a cut lost some. */
  readonly upOfferedBytes: number;
  readonly downOfferedBytes: number;
  /** Undefined while it lives: a cut's mode, or `closed` when an end closed it. */
  readonly ended: CutMode | "closed" | "refused" | undefined;
}

/** What a connection needs to know about the link that it belongs to. */
export interface LinkState {
  readonly queueBytes: number;
  isPaused: boolean;
  cutPlan: CutPlan | undefined;
  planCuts: number;
  onPlannedCut(plan: CutPlan): void;
}

export class Connection implements FlowOwner {
  readonly id: number;
  readonly openAtMs: number;
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

  /** How many more bytes the plan lets through in this direction. */
  allowance(direction: Direction): number {
    const plan = this.link.cutPlan;
    if (plan === undefined || this.link.planCuts >= (plan.times ?? Number.POSITIVE_INFINITY))
      return Number.POSITIVE_INFINITY;
    const counted = plan.direction ?? "both";
    if (counted !== "both" && counted !== direction) return Number.POSITIVE_INFINITY;
    return Math.max(0, plan.afterBytes - this.countedBytes(counted));
  }

  private countedBytes(counted: Direction | "both"): number {
    if (counted === "up") return this.up.deliveredBytes;
    if (counted === "down") return this.down.deliveredBytes;
    return this.up.deliveredBytes + this.down.deliveredBytes;
  }

  delivered(direction: Direction): void {
    const plan = this.link.cutPlan;
    if (plan === undefined || this.allowance(direction) > 0) return;
    this.link.planCuts++;
    this.cut(plan.mode);
    this.link.onPlannedCut(plan);
  }

  cut(mode: CutMode): void {
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

  private finish(how: CutMode | "closed"): void {
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
      upBytes: this.up.deliveredBytes,
      downBytes: this.down.deliveredBytes,
      upOfferedBytes: this.up.offeredBytes,
      downOfferedBytes: this.down.offeredBytes,
      ended: this.ended,
    };
  }
}
