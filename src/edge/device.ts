/** In the place of src/engine/device.ts: what a device of some megabytes can afford. */
import { codecMixSmall, codecsSmall } from "../core/codec/codecs.ts";
import type { Role } from "../core/session/api.ts";
import { host } from "./host-functions.ts";

/** Rounds of the loop below in a millisecond, where mixing codes one byte of payload a millisecond. */
const roundsPerByte = 200;
const rounds = 20_000;
let measured: number | undefined;

/**
 * How fast mixing is here: the coder's own kind of work, timed once for some milliseconds.
 * What it is on a Pi and on a PC differs by more than a link's rate from day to day.
 */
function measureMixing(): number {
  const places = new Uint16Array(4096);
  const startMs = host.steadyMs();
  let state = 1;
  for (let round = 0; round < rounds; round++) {
    state = (Math.imul(state, 0x2c1b3c6d) ^ (state >>> 13)) >>> 0;
    const at = state & 4095;
    places[at] = ((places[at] ?? 0) + (state >>> 20)) >> 1;
  }
  const tookMs = Math.max(0.1, host.steadyMs() - startMs);
  return Math.max(1, Math.round(((rounds / tookMs) * 1000) / roundsPerByte));
}

export const device = {
  // At a hub several clinics' mixing would have to be undone at once, which takes as long as making it.
  codecsOf: (role: Role): number =>
    role === "hub" ? codecsSmall & ~(1 << codecMixSmall) : codecsSmall,
  mixBytesPerS: (): number => {
    measured ??= measureMixing();
    return measured;
  },
  // One clinic's both directions with the small tables of mixing, and a hub's dozen with cheaper ones.
  codecMemoryBytes: 1024 * 1024,
  groupEventsMax: 128,
  groupBytesMax: 32 * 1024,
} as const;
