/**
 * Time in which this process listened. A hub that a thousand clinics call at once is busy
 * with handshakes for seconds before it reads what has long arrived: that is no silence of
 * theirs. So a turn of the event loop counts for little here, however long it took.
 */

/** A turn is a few milliseconds; one that takes longer had other things to do than to read. */
const turnMsMax = 100;

export interface ListeningHost {
  readonly nowMs: () => number;
  /** Calls back when the event loop has looked at sockets. */
  readonly later: (task: () => void) => void;
}

const ownProcess: ListeningHost = {
  nowMs: () => performance.now(),
  later: (task) => void setImmediate(task),
};

export class ListeningClock {
  private readonly host: ListeningHost;
  private listenedMs = 0;
  /** When this turn of the loop was first asked for the time; undefined between turns. */
  private turnSinceMs: number | undefined;
  private idleSinceMs: number;

  constructor(host: ListeningHost = ownProcess) {
    this.host = host;
    this.idleSinceMs = host.nowMs();
  }

  /** Milliseconds; stands still within a turn of the event loop. */
  nowMs(): number {
    if (this.turnSinceMs !== undefined) return this.listenedMs;
    const nowMs = this.host.nowMs();
    // Between turns in which nobody asked, the loop waited for sockets and timers.
    this.listenedMs += nowMs - this.idleSinceMs;
    this.turnSinceMs = nowMs;
    this.host.later(() => this.endTurn());
    return this.listenedMs;
  }

  private endTurn(): void {
    const nowMs = this.host.nowMs();
    this.listenedMs += Math.min(turnMsMax, nowMs - (this.turnSinceMs ?? nowMs));
    this.idleSinceMs = nowMs;
    this.turnSinceMs = undefined;
  }
}
