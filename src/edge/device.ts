/** In the place of src/engine/device.ts: what a device of some megabytes can afford. */
import { codecMixSmall, codecsSmall } from "../core/codec/codecs.ts";
import type { Role } from "../core/session/api.ts";

export const device = {
  // At a hub several clinics' mixing would have to be undone at once, which takes as long as making it.
  codecsOf: (role: Role): number =>
    role === "hub" ? codecsSmall & ~(1 << codecMixSmall) : codecsSmall,
  // One clinic's both directions with the small tables of mixing, and a hub's dozen with cheaper ones.
  codecMemoryBytes: 1024 * 1024,
  groupEventsMax: 128,
  groupBytesMax: 32 * 1024,
} as const;
