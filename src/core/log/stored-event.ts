/** From a verified record to the event that users see. */
import { emptyBytes } from "../bytes.ts";
import type { StreamIndex } from "../vector/stream-table.ts";
import type { StoredEvent } from "./api.ts";
import { nextChain } from "./chain.ts";
import type { LogCore } from "./core.ts";
import { decodeFragmentList, type EventFields, type FragmentPlace } from "./event-fields.ts";
import { flagFragmented } from "./format.ts";

/** An event as its record has it, before it is given its place in a stream. */
export interface RecordedEvent {
  readonly fields: EventFields;
  readonly flags: number;
  readonly index: StreamIndex;
  /** In the stream; differs from the record's in a re-homed tail. */
  readonly seq: number;
}

export interface StoredEventOptions {
  /** Leaves `chain` empty where it would need a hash of the payload. */
  readonly withoutChain?: boolean;
  /** Takes the payload's copy. */
  readonly pieces?: SharedPieces;
}

/** Undefined when the fragment list is malformed. Bytes are copies. */
export function toStoredEvent(
  core: LogCore,
  recorded: RecordedEvent,
  chainBefore: Uint8Array,
  { withoutChain = false, pieces }: StoredEventOptions = {},
): StoredEvent | undefined {
  const { fields, index, seq } = recorded;
  const known = fields.known.slice();
  const isFragmented = (recorded.flags & flagFragmented) !== 0;
  const list = isFragmented ? decodeFragmentList(fields.body) : undefined;
  if (isFragmented && list === undefined) return undefined;
  const payload = isFragmented ? emptyBytes : (pieces?.copy(fields.body) ?? fields.body.slice());
  const { hlc, type } = fields;
  const link = { seq, hlc, type, known };
  const content =
    list === undefined
      ? { ...link, payload }
      : { ...link, payloadSha256: list.payloadSha256, payloadSize: list.payloadSize };
  // The hash of a payload in pieces stands in the log.
  const isSpared = withoutChain && list === undefined;
  const chain = isSpared ? emptyBytes : nextChain(core.crypto, chainBefore, content);
  return {
    stream: core.streams.table.id(index),
    seq,
    hlc,
    type,
    known,
    payload,
    chainBefore: chainBefore.slice(),
    chain,
    ordinal: fields.ordinal,
    receivedMs: fields.receivedMs,
    receivedFrom: fields.receivedFrom,
    isQuarantined: core.quarantine.reasonAt(index, seq) !== undefined,
    payloadSize: list?.payloadSize ?? payload.length,
    isFragmented,
    ...(fields.idempotency.length === 0 ? {} : { idempotency: fields.idempotency.slice() }),
  };
}

const pieceBytes = 64 * 1024;

/** Copies side by side in a few large pieces of memory: hundreds of small ones cost more than what is in them. */
export class SharedPieces {
  private piece = emptyBytes;
  private used = 0;

  copy(bytes: Uint8Array): Uint8Array {
    if (this.used + bytes.length > this.piece.length) {
      this.piece = new Uint8Array(Math.max(pieceBytes, bytes.length));
      this.used = 0;
    }
    const from = this.used;
    this.used += bytes.length;
    this.piece.set(bytes, from);
    return this.piece.subarray(from, this.used);
  }
}

/** SHA-256 of a fragmented event's payload, as its record has it. */
export function fragmentedSha256(recorded: RecordedEvent): Uint8Array | undefined {
  if ((recorded.flags & flagFragmented) === 0) return undefined;
  return decodeFragmentList(recorded.fields.body)?.payloadSha256.slice();
}

/** Places of a fragmented event's pieces. */
export function fragmentPlaces(recorded: RecordedEvent): readonly FragmentPlace[] | undefined {
  if ((recorded.flags & flagFragmented) === 0) return undefined;
  return decodeFragmentList(recorded.fields.body)?.places;
}
