/**
 * A node for one command, whoever owns its log. When the owner goes away in the
 * middle, the command goes on by itself: it asks the next owner, or takes the
 * lock. A push is repeated under the same ids, so that it is stored once.
 */
import { randomUUID } from "node:crypto";
import { ZamError } from "../core/errors/zam-error.ts";
import type {
  AcknowledgedAlarm,
  ArrivalBatch,
  ArrivalQuery,
  AuditQuery,
  AuditRow,
  CareSummary,
  CompactInput,
  ExpireInput,
  NodeApi,
  NodeRow,
  NodeStatus,
  PingInput,
  PingSummary,
  PulledEvent,
  PullQuery,
  PushInput,
  PushResult,
  RekeyInput,
  RekeySummary,
  SnapshotInput,
  SnapshotSummary,
  SyncInput,
  SyncSummary,
  VerifyReport,
} from "./api.ts";

export interface FoundNode {
  readonly node: NodeApi;
  /** False when calls travel to another process, and may be lost on the way. */
  readonly isOwned: boolean;
}

/** An owner that stops says Z210; one that dies leaves the outcome unknown. */
const lostOwnerCodes: ReadonlySet<string> = new Set(["Z210", "Z412"]);
/** Owners come and go with every short command; each try waits for the lock anyway. */
const triesMax = 20;

export class SharedNode implements NodeApi {
  private readonly find: () => Promise<FoundNode>;
  private found: FoundNode;

  constructor(find: () => Promise<FoundNode>, found: FoundNode) {
    this.find = find;
    this.found = found;
  }

  async push(events: readonly PushInput[]): Promise<readonly PushResult[]> {
    const named = this.found.isOwned
      ? events
      : events.map((event) => (event.id === undefined ? { ...event, id: randomUUID() } : event));
    const results = await this.repeat((node) => node.push(named));
    // A repetition of our own making is no news to the caller.
    return results.map((result, at) =>
      events[at]?.id === undefined ? { ...result, isRepeat: false } : result,
    );
  }

  async pull(query: PullQuery): Promise<readonly PulledEvent[]> {
    return this.repeat((node) => node.pull(query));
  }

  /** Goes on after the last event when the owner changes. */
  async *events(
    query: PullQuery & { readonly follow?: boolean; readonly signal?: AbortSignal },
  ): AsyncGenerator<PulledEvent> {
    let next = query;
    for (let tries = 0; ; tries++) {
      try {
        for await (const event of this.found.node.events(next)) {
          tries = 0;
          const left = next.limit === undefined ? {} : { limit: next.limit - 1 };
          if (query.order !== "hlc") next = { ...next, since: event.cursor, ...left };
          yield event;
        }
        return;
      } catch (error) {
        if (query.order === "hlc" || !isLostOwner(error) || tries >= triesMax) throw error;
        await this.findAgain();
      }
    }
  }

  async arrivals(query: ArrivalQuery): Promise<ArrivalBatch> {
    return this.repeat((node) => node.arrivals(query));
  }

  /** A listing that has begun is not begun again: what it showed may be another owner's to give differently. */
  async *audit(query: AuditQuery): AsyncGenerator<AuditRow> {
    for (let tries = 0, isBegun = false; ; tries++) {
      try {
        for await (const row of this.found.node.audit(query)) {
          isBegun = true;
          yield row;
        }
        return;
      } catch (error) {
        if (isBegun || this.found.isOwned || !isLostOwner(error) || tries >= triesMax) throw error;
        await this.findAgain();
      }
    }
  }

  async verify(): Promise<VerifyReport> {
    return this.repeat((node) => node.verify());
  }

  async status(): Promise<NodeStatus> {
    return this.repeat((node) => node.status());
  }

  async nodes(): Promise<readonly NodeRow[]> {
    return this.repeat((node) => node.nodes());
  }

  async sync(input: SyncInput): Promise<SyncSummary> {
    return this.repeat((node) => node.sync(input));
  }

  async ping(input: PingInput): Promise<PingSummary> {
    return this.repeat((node) => node.ping(input));
  }

  async acknowledge(alarmId: string): Promise<AcknowledgedAlarm> {
    return this.repeat((node) => node.acknowledge(alarmId));
  }

  async snapshot(input: SnapshotInput): Promise<SnapshotSummary> {
    return this.repeat((node) => node.snapshot(input));
  }

  async compact(input: CompactInput): Promise<CareSummary> {
    return this.repeat((node) => node.compact(input));
  }

  async expire(input: ExpireInput): Promise<CareSummary> {
    return this.repeat((node) => node.expire(input));
  }

  async rekey(input: RekeyInput): Promise<RekeySummary> {
    return this.repeat((node) => node.rekey(input));
  }

  async close(): Promise<void> {
    await this.found.node.close();
  }

  private async repeat<T>(call: (node: NodeApi) => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await call(this.found.node);
      } catch (error) {
        if (this.found.isOwned || !isLostOwner(error) || tries >= triesMax) throw error;
        await this.findAgain();
      }
    }
  }

  private async findAgain(): Promise<void> {
    await this.found.node.close();
    this.found = await this.find();
  }
}

export function isLostOwner(error: unknown): boolean {
  return error instanceof ZamError && lostOwnerCodes.has(error.code);
}
