/** In the place of src/engine/device.ts: what a device of some megabytes can afford. */
import { codecsSmall } from "../core/codec/codecs.ts";

export const device = {
  codecs: codecsSmall,
  // Mixing in both directions of one session.
  codecMemoryBytes: 1536 * 1024,
  groupEventsMax: 128,
  groupBytesMax: 32 * 1024,
} as const;
