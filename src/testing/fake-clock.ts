/**
 * A clock that only a test moves: monotonic time with timers, and a wall clock
 * beside it that may be wrong, step, or start in 1970.
 */
export interface FakeClock {
  /** Never goes back. */
  monotonicMs(): number;
  /** Unix milliseconds as this machine believes them. */
  wallMs(): number;
  /** Runs `action` once monotonic time reaches `atMs`; returns how to cancel. */
  at(atMs: number, action: () => void): () => void;
  /** Moves both clocks on, running timers in order of their time, each at its own time. */
  advance(byMs: number): void;
  /** Steps the wall clock alone: NTP, or a person, or a flat battery. */
  stepWall(byMs: number): void;
  setWall(ms: number): void;
  /** Time of the next timer, or undefined when none is armed. */
  nextTimerMs(): number | undefined;
}

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly action: () => void;
}

export function createFakeClock(wallStartMs = 1_700_000_000_000): FakeClock {
  let nowMs = 0;
  let wallOffsetMs = wallStartMs;
  let order = 0;
  let timers: Timer[] = [];

  function next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of timers) {
      const isEarlier =
        first === undefined ||
        timer.atMs < first.atMs ||
        (timer.atMs === first.atMs && timer.order < first.order);
      if (isEarlier) first = timer;
    }
    return first;
  }

  return {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs + wallOffsetMs,
    at(atMs, action) {
      const timer = { atMs, order: order++, action };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance(byMs) {
      const untilMs = nowMs + byMs;
      for (let timer = next(); timer !== undefined && timer.atMs <= untilMs; timer = next()) {
        const due = timer;
        timers = timers.filter((other) => other !== due);
        nowMs = Math.max(nowMs, due.atMs);
        due.action();
      }
      nowMs = untilMs;
    },
    stepWall(byMs) {
      wallOffsetMs += byMs;
    },
    setWall(ms) {
      wallOffsetMs = ms - nowMs;
    },
    nextTimerMs: () => next()?.atMs,
  };
}
