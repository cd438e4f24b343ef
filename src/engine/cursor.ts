/**
 * Cursors: the arrival ordinal of the event last seen, with the first four bytes of the
 * log id, so that a cursor of another log (or of this directory's former log) is refused,
 * and a check value of the event that stands there, so that one from before the log was
 * put back from an older copy is refused as well: its ordinal has been given to another
 * event by then. Both would skip events silently.
 *
 * The check covers what never changes while an event is here: a branch that moves to an
 * epoch of its own keeps its place, and so do its readers. A place without a readable event
 * (dropped, damaged) has no check, and cursors without one are taken on trust.
 */
import { bytesToHex } from "../core/bytes.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import type { Log, StoredEvent } from "../core/log/api.ts";
import { nodeCrypto } from "../storage/node-crypto.ts";

/** What is needed of a log. */
export type CursorLog = Pick<
  Log,
  "logId" | "lastOrdinal" | "readOnlyReason" | "readRefusal" | "readArrivals"
>;

const cursorPattern = /^([0-9a-f]{8})-([0-9a-z]{1,11})(?:-([0-9a-f]{8}))?$/;
const checkBytes = 28;
const scratch = new DataView(new ArrayBuffer(checkBytes));
const scratchBytes = new Uint8Array(scratch.buffer);

/** Of the place behind this event. */
export function eventToCursor(log: Pick<Log, "logId">, event: StoredEvent): string {
  return `${placeText(log, event.ordinal)}-${checkOf(event)}`;
}

/** Of the place behind whatever stands at this ordinal. Reads one event. */
export function ordinalToCursor(log: CursorLog, ordinal: number): string {
  const event = eventAt(log, ordinal);
  return event === undefined ? placeText(log, ordinal) : eventToCursor(log, event);
}

/**
 * The ordinal after which to read on. Reads one event.
 *
 * @throws ZamError Z204, Z205, Z206 and Z208 while the disk hides what stands there; Z605 for what this log did not give out, Z615 and Z621 for what it gave
 * out before it was put back from an older copy
 */
export function cursorToOrdinal(log: CursorLog, cursor: string): number {
  const match = cursorPattern.exec(cursor);
  const ordinal = match?.[2] === undefined ? Number.NaN : Number.parseInt(match[2], 36);
  if (match?.[1] !== logTag(log) || !Number.isSafeInteger(ordinal))
    throw new ZamError("Z605", { cursor: cursor.slice(0, 64) });
  // Waiting there would leave out everything that comes until then.
  if (ordinal > log.lastOrdinal) throw hiddenTail(log) ?? new ZamError("Z615", { cursor });
  const check = match[3];
  if (check === undefined) return ordinal;
  const event = eventAt(log, ordinal);
  if (event === undefined && log.readRefusal !== undefined) throw log.readRefusal;
  if (event !== undefined && checkOf(event) !== check) throw new ZamError("Z621", { cursor });
  return ordinal;
}

/**
 * Whether something has come behind the place of a cursor that this log gave out. It is told by
 * the place alone: of an event that cannot be read any more the cursor has no check value.
 */
export function hasNews(log: Pick<Log, "lastOrdinal">, cursor: string): boolean {
  return Number.parseInt(cursorPattern.exec(cursor)?.[2] ?? "0", 36) < log.lastOrdinal;
}

/** A log that was opened on a disk that took no writes does not show its last events yet, which readers may have had. */
function hiddenTail({ readOnlyReason }: CursorLog): ZamError | undefined {
  return readOnlyReason?.code === "Z208" ? undefined : readOnlyReason;
}

function logTag({ logId }: Pick<Log, "logId">): string {
  return bytesToHex(logId.subarray(0, 4));
}

function placeText(log: Pick<Log, "logId">, ordinal: number): string {
  return `${logTag(log)}-${ordinal.toString(36)}`;
}

function eventAt(log: CursorLog, ordinal: number): StoredEvent | undefined {
  if (ordinal === 0) return undefined;
  const limit = { events: 1, bytes: 1, withQuarantined: true, withoutChain: true };
  const [event] = log.readArrivals(ordinal - 1, limit);
  return event?.ordinal === ordinal ? event : undefined;
}

function checkOf({ hlc, receivedMs, payloadSize, type }: StoredEvent): string {
  scratch.setFloat64(0, hlc.ms);
  scratch.setUint32(8, hlc.counter);
  scratch.setFloat64(12, receivedMs);
  scratch.setUint32(20, payloadSize);
  scratch.setUint32(24, type);
  return nodeCrypto.crc32(scratchBytes).toString(16).padStart(8, "0");
}
