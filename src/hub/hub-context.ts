/**
 * What every part of the hub's services gets, and what a part is. A part (the API,
 * the dashboard, metrics, the projection) lives in a folder of its own, adds routes
 * to the listeners it belongs to, and is told when the hub stops.
 */
import type { FastifyInstance } from "fastify";
import type { ZamError } from "../core/errors/zam-error.ts";
import type { HubNode, ServedSession, TokenBook } from "../engine/index.ts";

export type HubApp = FastifyInstance;

export interface HubContext {
  readonly node: HubNode;
  /** Of the HTTP API. */
  readonly tokens: TokenBook;
  /** Wall clock, Unix ms. */
  readonly nowMs: () => number;
  /** Sessions of clinics as they end, in this process. Returns how to stop. */
  onSession(listener: (session: ServedSession) => void): () => void;
  /** What peers did or met, as in the hub's log. Returns how to stop. */
  onReport(listener: (error: ZamError, peer: string) => void): () => void;
  /** Writes a line into the hub's log; `source` says whose it is, "" for the hub itself. */
  report(error: ZamError, source: string): void;
  /** Silence of a clinic that is longer counts as quiet. */
  readonly quietAfterMs: number;
  /** Aborts when the hub begins to stop: long answers end, timers go. */
  readonly stopping: AbortSignal;
}

/** "http" is `--http`, "metrics" is `--metrics`. */
export type ListenerName = "http" | "metrics";

export interface HubPart {
  readonly name: string;
  /** Whose routes `register` adds; a part without routes has none. */
  readonly listeners: readonly ListenerName[];
  /**
   * Called once for each of its listeners that runs, before it listens. Every route says
   * in `config.access` who may use it: that is checked, and there is no default.
   */
  register?(app: HubApp, listener: ListenerName): void | Promise<void>;
  /** After the listeners have closed; durable state is settled when it resolves. */
  close?(): Promise<void>;
}

export type CreateHubPart = (hub: HubContext) => HubPart | Promise<HubPart>;
