/** What a machine that runs Node can afford. The small device has its own (src/edge/device.ts). */
import { codecMemoryDefaultBytes } from "../core/codec/codec-memory.ts";
import type { Role } from "../core/session/api.ts";

export interface Device {
  /** Bits of the codecs that a node of this role reads and writes; undefined: all. */
  readonly codecsOf: (role: Role) => number | undefined;
  /** For the codecs of all sessions together. */
  readonly codecMemoryBytes: number;
  /** A group of `push --stdin`. */
  readonly groupEventsMax: number;
  readonly groupBytesMax: number;
}

export const device: Device = {
  codecsOf: () => undefined,
  codecMemoryBytes: codecMemoryDefaultBytes,
  groupEventsMax: 4096,
  groupBytesMax: 1024 * 1024,
};
