/**
 * Cursors of `pull`: the arrival ordinal of the event last seen, with the first
 * four bytes of the log id, so that a cursor of another log (or of this
 * directory's former log) is refused instead of silently skipping events.
 */
import { bytesToHex } from "../core/bytes.ts";
import { ZamError } from "../core/errors/zam-error.ts";

const cursorPattern = /^([0-9a-f]{8})-([0-9a-z]{1,11})$/;

function logTag(logId: Uint8Array): string {
  return bytesToHex(logId.subarray(0, 4));
}

export function ordinalToCursor(ordinal: number, logId: Uint8Array): string {
  return `${logTag(logId)}-${ordinal.toString(36)}`;
}

/** @throws ZamError Z605 for anything that this log did not give out */
export function cursorToOrdinal(cursor: string, logId: Uint8Array): number {
  const match = cursorPattern.exec(cursor);
  const ordinal = match?.[2] === undefined ? Number.NaN : Number.parseInt(match[2], 36);
  if (match?.[1] !== logTag(logId) || !Number.isSafeInteger(ordinal))
    throw new ZamError("Z605", { cursor: cursor.slice(0, 64) });
  return ordinal;
}
