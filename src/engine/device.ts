/** What a machine that runs Node can afford. The small device has its own (src/edge/device.ts). */
import { codecMemoryDefaultBytes } from "../core/codec/codec-memory.ts";

export interface Device {
  /** Bits of the codecs that are read and written; undefined: all. */
  readonly codecs: number | undefined;
  /** For the codecs of all sessions together. */
  readonly codecMemoryBytes: number;
  /** A group of `push --stdin`. */
  readonly groupEventsMax: number;
  readonly groupBytesMax: number;
}

export const device: Device = {
  codecs: undefined,
  codecMemoryBytes: codecMemoryDefaultBytes,
  groupEventsMax: 4096,
  groupBytesMax: 1024 * 1024,
};
