/** File faults as errors that a user can act on. */
import { ZamError } from "../errors/zam-error.ts";
import type { FileFault } from "../ports.ts";

export function diskError(fault: FileFault, operation: string): ZamError {
  if (fault.kind === "noSpace") return new ZamError("Z204", { operation }, fault);
  if (fault.kind === "readOnly" || fault.kind === "permission") {
    return new ZamError("Z208", { reason: fault.message }, fault);
  }
  return new ZamError("Z206", { operation: fault.message }, fault);
}

export function syncError(fault: FileFault): ZamError {
  return new ZamError("Z205", { operation: fault.message }, fault);
}
