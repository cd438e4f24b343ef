/**
 * What the lab needs beyond the seeded generator of `zamsync/testing`: UUIDs, and
 * a seed for a run that can be given again when the run failed.
 */
import type { SeededRandom } from "../src/testing/seeded-random.ts";

/** A version 4 UUID (RFC 9562, section 5.4) in lower case. */
export function drawUuid(random: SeededRandom): string {
  let hex = "";
  for (let i = 0; i < 4; i++) hex += random.next32().toString(16).padStart(8, "0");
  return (
    `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-` +
    `${random.pick(["8", "9", "a", "b"])}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  );
}

/** The seed of a run: from ZAMSYNC_SEED, so that a failure can be repeated, else from the time. */
export function seedFromEnvironment(): number {
  const text = process.env.ZAMSYNC_SEED;
  if (text !== undefined && /^\d{1,9}$/.test(text)) return Number(text);
  return Date.now() % 1_000_000_007;
}
