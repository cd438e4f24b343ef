/**
 * The one connection to a hub that a daemon keeps. Two connections of one node
 * would only fence each other (RULES 35), so whoever else in this process has
 * something to do with the hub comes here: either it rides on the open
 * connection, or the daemon steps aside for it.
 */
import type { SessionProgress, SessionSummary } from "../core/session/api.ts";

/** A session that is open, as its users see it. */
export interface OpenLink {
  /** Everything was exchanged, as far as both sides know. */
  readonly isResting: boolean;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly peerId: string;
  summary(): SessionSummary;
  /** Resolves when the peer has been heard since the call, or when the session is over. */
  probe(): Promise<void>;
  /** Resolves when the session rests or is over. */
  rested(): Promise<void>;
}

export class HubLink {
  /** HOST:PORT of the daemon's hub. */
  readonly address: string;
  private link: OpenLink | undefined;
  private holding: { readonly stop: AbortController; readonly over: Promise<unknown> } | undefined;
  private asides = 0;
  private readonly freeWaiters: (() => void)[] = [];
  private readonly watchers = new Set<(progress: SessionProgress) => void>();

  constructor(address: string) {
    this.address = address;
  }

  /** The open connection, or undefined while there is none. */
  get open(): OpenLink | undefined {
    return this.link;
  }

  /** The daemon's side: makes a connection and holds it, once nobody else needs the hub. */
  async hold<T>(signal: AbortSignal, connect: (signal: AbortSignal) => Promise<T>): Promise<T> {
    while (this.asides > 0) await new Promise<void>((resolve) => this.freeWaiters.push(resolve));
    const stop = new AbortController();
    const over = connect(AbortSignal.any([signal, stop.signal]));
    this.holding = { stop, over };
    try {
      return await over;
    } finally {
      this.holding = undefined;
      this.link = undefined;
    }
  }

  opened(link: OpenLink): void {
    this.link = link;
  }

  progressed(progress: SessionProgress): void {
    for (const watch of this.watchers) watch(progress);
  }

  /** Tells about the open connection's progress until the returned function is called. */
  watch(onProgress: (progress: SessionProgress) => void): () => void {
    this.watchers.add(onProgress);
    return () => this.watchers.delete(onProgress);
  }

  /** Runs `task` while the daemon has no connection; it comes back afterwards. */
  async aside<T>(task: () => Promise<T>): Promise<T> {
    this.asides++;
    try {
      const { holding } = this;
      holding?.stop.abort();
      await holding?.over.catch(() => undefined);
      return await task();
    } finally {
      this.asides--;
      if (this.asides === 0) for (const resolve of this.freeWaiters.splice(0)) resolve();
    }
  }
}
