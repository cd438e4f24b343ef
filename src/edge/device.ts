/** In the place of src/engine/device.ts: what a device of some megabytes can afford. */
import { codecMixSmall, codecsSmall } from "../core/codec/codecs.ts";

export const device = {
  // QuickJS mixes some 30 KB of payload a second on a PC, a tenth of that on a Pi: even a 2G link
  // carries more, and a hub would have to undo several clinics' at once.
  codecs: codecsSmall & ~(1 << codecMixSmall),
  codecMemoryBytes: 1024 * 1024,
  groupEventsMax: 128,
  groupBytesMax: 32 * 1024,
} as const;
