/**
 * What a hub's sessions move, as it happens: a session may stay open for weeks, so
 * that its end is too late to tell. Each stretch from the first frame, or from the end
 * of a rest, until both sides have everything (or the connection is gone) is one *sync*.
 * Bytes of a connection that only rests count too, with the next report.
 */
import type { SessionSummary } from "../core/session/api.ts";
import type { Transport } from "./session-host.ts";

/** What moved since the report before; bytes on the TCP socket, TLS included. */
export interface SessionTraffic {
  readonly peer: string;
  /** Events that the peer confirmed as durable. */
  readonly eventsSent: number;
  readonly eventsReceived: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

export interface SessionSync extends SessionTraffic {
  /** HOST:PORT of the peer. */
  readonly address: string;
  /** Unix milliseconds of this node's wall clock. */
  readonly endedMs: number;
  readonly durationMs: number;
  /** "rest": everything was exchanged, and the connection stays open. */
  readonly endedBy: SessionSummary["endedBy"] | "rest";
  /** Z code of what ended it. */
  readonly code?: string;
}

/** A session that is open now. */
export interface SessionRow extends SessionTraffic {
  readonly address: string;
  readonly sinceMs: number;
  /** Everything was exchanged. */
  readonly isResting: boolean;
  /** Events for the peer that it has not confirmed. */
  readonly eventsToSend: number;
}

export interface SessionWatcher {
  onTraffic(traffic: SessionTraffic): void;
  onSync(sync: SessionSync): void;
}

/** A transfer of hours shows as it goes. */
const flushMs = 15_000;

interface Counts {
  readonly eventsSent: number;
  readonly eventsReceived: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

const nothing: Counts = { eventsSent: 0, eventsReceived: 0, bytesSent: 0, bytesReceived: 0 };

function difference(now: Counts, before: Counts): Counts {
  return {
    eventsSent: now.eventsSent - before.eventsSent,
    eventsReceived: now.eventsReceived - before.eventsReceived,
    bytesSent: now.bytesSent - before.bytesSent,
    bytesReceived: now.bytesReceived - before.bytesReceived,
  };
}

/** The meters of a node's sessions, and who listens. */
export class SessionMeters {
  private readonly watchers = new Set<SessionWatcher>();
  private readonly meters = new Set<SessionMeter>();
  private timer: NodeJS.Timeout | undefined;

  /** Returns how to stop. What moved before is not told. */
  watch(watcher: SessionWatcher): () => void {
    this.watchers.add(watcher);
    this.timer ??= setInterval(() => this.flush(), flushMs).unref();
    return () => {
      this.watchers.delete(watcher);
      if (this.watchers.size > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    };
  }

  /** Tells watchers what has moved up to now. */
  flush(): void {
    for (const meter of this.meters) meter.flush();
  }

  rows(): readonly SessionRow[] {
    return [...this.meters].flatMap((meter) => meter.row() ?? []);
  }

  open(input: MeterInput): SessionMeter {
    const meter = new SessionMeter(input, {
      traffic: (traffic) => {
        for (const watcher of this.watchers) watcher.onTraffic(traffic);
      },
      sync: (sync) => {
        for (const watcher of this.watchers) watcher.onSync(sync);
      },
      ended: () => this.meters.delete(meter),
    });
    this.meters.add(meter);
    return meter;
  }
}

export interface MeterInput {
  readonly peer: string;
  readonly address: string;
  readonly transport: Pick<Transport, "sentBytes" | "receivedBytes">;
}

export class SessionMeter {
  private readonly input: MeterInput;
  private readonly tell: {
    readonly traffic: (traffic: SessionTraffic) => void;
    readonly sync: (sync: SessionSync) => void;
    readonly ended: () => void;
  };
  private readonly openedMs = Date.now();
  private summary: (() => SessionSummary) | undefined;
  private told = nothing;
  private begun = nothing;
  private begunMs = performance.now();
  private isEstablished = false;
  private isResting = false;

  constructor(input: MeterInput, tell: SessionMeter["tell"]) {
    this.input = input;
    this.tell = tell;
  }

  /** The peer's HELLO was accepted; `summary` tells how far things are. */
  established(summary: () => SessionSummary): void {
    this.isEstablished = true;
    this.summary = summary;
  }

  rest(isResting: boolean): void {
    if (isResting === this.isResting) return;
    this.isResting = isResting;
    this.flush();
    if (isResting) this.sync("rest", undefined);
    this.begun = this.told;
    this.begunMs = performance.now();
  }

  ended(summary: SessionSummary): void {
    this.summary = () => summary;
    this.flush();
    // A ping is no sync. A stranger's failure before HELLO is told as the node's report.
    if (this.isEstablished && !this.isResting) this.sync(summary.endedBy, summary.error?.code);
    this.tell.ended();
  }

  flush(): void {
    const now = this.counts();
    const moved = difference(now, this.told);
    this.told = now;
    if (Object.values(moved).some((count) => count > 0))
      this.tell.traffic({ peer: this.input.peer, ...moved });
  }

  row(): SessionRow | undefined {
    const summary = this.summary?.();
    if (summary === undefined) return undefined;
    const { peer, address } = this.input;
    return {
      ...{ peer, address, sinceMs: this.openedMs, isResting: this.isResting },
      ...this.counts(),
      eventsToSend: summary.eventsToSend - summary.eventsConfirmed,
    };
  }

  private counts(): Counts {
    const { transport } = this.input;
    const summary = this.summary?.();
    return {
      eventsSent: summary?.eventsConfirmed ?? 0,
      eventsReceived: summary?.eventsReceived ?? 0,
      bytesSent: transport.sentBytes,
      bytesReceived: transport.receivedBytes,
    };
  }

  private sync(endedBy: SessionSync["endedBy"], code: string | undefined): void {
    const { peer, address } = this.input;
    this.tell.sync({
      ...{ peer, address, endedBy },
      ...difference(this.told, this.begun),
      endedMs: Date.now(),
      durationMs: Math.round(performance.now() - this.begunMs),
      ...(code === undefined ? {} : { code }),
    });
  }
}
