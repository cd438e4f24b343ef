/**
 * Wall milliseconds that never jump: the wall clock when a session began, plus
 * the time that has really passed since. Sessions arm their deadlines with it,
 * so that a clock step in mid-session neither ends nor freezes one.
 */
export function createSessionClock(): () => number {
  const wallMs = Date.now();
  const startedMs = performance.now();
  return () => Math.round(wallMs + performance.now() - startedMs);
}

/** Unix milliseconds of the local date and time of day. */
export function localMs(): number {
  const now = new Date();
  return now.getTime() - now.getTimezoneOffset() * 60_000;
}
