/**
 * What a hub's services (HTTP, metrics, projection) need of the node in their own
 * process, beyond what every command may ask for. Everything shown is durable.
 */
import type { NodeApi, PulledEvent, RunningServer, ServeInput } from "./api.ts";
import type { SidecarFolder } from "./peer-book.ts";
import type { SessionMeters } from "./session-meter.ts";

/**
 * Awaited before a payload that is stored in pieces is read, with how much the answer's payloads
 * come to with it: whoever must not have many of them in memory lets it wait.
 */
export type BeforeLarge = (sizeBytes: number) => Promise<void>;

/** Conditions are joined by "and"; an absent one holds for every event. */
export interface PageQuery {
  /** Events after this cursor; absent: from the beginning. */
  readonly after?: string | undefined;
  /** Only events of one of these nodes. */
  readonly nodes?: readonly string[] | undefined;
  readonly type?: number | undefined;
  /** By the event's own clock (its HLC), Unix ms: at or after `fromMs`, before `toMs`. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Events, at least 1. */
  readonly limit: number;
  /** Payload bytes after which a page ends; at least one event is in it all the same. */
  readonly bytesMax: number;
  readonly beforeLarge?: BeforeLarge | undefined;
}

export interface HubEvent extends PulledEvent {
  /** ISO 8601 UTC: when this node stored it. */
  readonly received: string;
}

export interface EventPage {
  readonly events: readonly HubEvent[];
  /**
   * After the last event that was looked at, which may be beyond the last one in
   * the page: going on from here meets nothing twice and leaves nothing out.
   */
  readonly cursor: string;
  /** True when that was the newest durable event. */
  readonly isEnd: boolean;
}

/** Names one event: node id, epoch (8 hex digits), lane, seq from 1. */
export interface EventName {
  readonly node: string;
  readonly epoch: string;
  readonly lane: string;
  readonly seq: number;
}

/** A node in the process that owns its log. */
export interface HubNode extends NodeApi {
  readonly dataDir: string;
  readonly nodeId: string;
  /**
   * Looks at a bounded part of the log, however few events match: what a page costs
   * does not grow with the log. Rejects with Z605, Z615, Z621.
   */
  page(query: PageQuery): Promise<EventPage>;
  /** Undefined when it is not here, or cannot be read. */
  event(name: EventName, beforeLarge?: BeforeLarge): Promise<HubEvent | undefined>;
  /** Where a reader starts that wants only what comes from now on. */
  newestCursor(): string;
  /** Whether something has become durable behind this cursor, which a page or `newestCursor` gave out. */
  hasNews(cursor: string): boolean;
  /** Calls `listener` after each group that became durable. Returns how to stop. */
  onDurable(listener: () => void): () => void;
  /** What sessions of peers that called move, as it happens. */
  readonly meters: Pick<SessionMeters, "watch" | "flush" | "rows">;
  /** Small files of the node's own, sealed under its data key, each written whole and durably. */
  readonly sidecars: SidecarFolder;
  /** Events that `expire` and the retention have dropped since this process opened the node. */
  readonly expiredCount: number;
  /** When the oldest event that is still held was stored (Unix ms); undefined when none is. Reads one event. */
  readonly oldestEventMs: number | undefined;
  serve(input: ServeInput): Promise<RunningServer>;
}
