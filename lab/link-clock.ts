/** What a link measures time by: the machine's clock, or a test's (`createFakeClock`). */
export interface LinkClock {
  /** Never goes back. */
  monotonicMs(): number;
  /** Runs `action` at that time; returns how to cancel. */
  at(atMs: number, action: () => void): () => void;
}

export const machineClock: LinkClock = {
  monotonicMs: () => performance.now(),
  at(atMs, action) {
    const timer = setTimeout(action, Math.max(0, atMs - performance.now()));
    return () => clearTimeout(timer);
  },
};
