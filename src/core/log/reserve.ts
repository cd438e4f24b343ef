/** The preallocated file that is given up when the disk is full (RULES 20). */
import type { LogCore } from "./core.ts";
import { fileName, reserveBytes } from "./format.ts";

/** Throws FileFault. */
export function writeReserve(core: LogCore): void {
  const file = core.store.open(fileName.reserve, "replace");
  try {
    file.write(0, new Uint8Array(reserveBytes));
  } finally {
    file.close();
  }
}
