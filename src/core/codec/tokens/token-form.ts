/**
 * The form in which a direction's tokens travel: bytes for zstd (byte-form.ts), or bits
 * of an arithmetic coder (mix/mix-form.ts). Each walks over events with coders of its
 * own, and all of them lean on and lead on the one state of the direction.
 *
 * Views that come out are valid until the next call.
 */
import type { GivenEvent } from "./event-walk.ts";

export interface TokenForm {
  /** A batch begins that both sides hold. */
  beginLearning(): void;
  beginEncoding(): void;
  encode(stream: number, given: GivenEvent): void;
  /** Bytes so far that zstd is to see. */
  readonly visibleLength: number;
  /** Bytes so far that are as short as they get. */
  readonly denseLength: number;
  /** Ends a batch that was encoded or learned. */
  finish(): void;
  /** After `finish`: how many of the visible bytes are tokens, the rest being flags. */
  readonly tokensLength: number;
  /** After `finish`. */
  visible(): Uint8Array;
  /** After `finish`. */
  dense(): Uint8Array;
  beginDecoding(visible: Uint8Array, tokensLength: number, dense: Uint8Array): void;
  /** False when there is no event to be had: then nothing more can be coded. */
  decode(stream: number, payloadBytesMax: number): boolean;
  /** Every byte that came was needed. */
  readonly isDecoded: boolean;
}
