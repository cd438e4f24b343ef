/**
 * What turns decisions into bytes and back. The walk over an event (event-walk.ts)
 * is written once: an encoder is given each value and returns it, a decoder is
 * given nothing that matters and returns what was sent. So both sides take the
 * same steps by construction, and keep the same state.
 *
 * A decoder never throws: after bytes that cannot be, `failed` is true and
 * everything it returns is harmless (0, empty).
 */
export interface TokenCoder {
  readonly isDecoder: boolean;
  readonly failed: boolean;
  /** The stream cannot be: from here on only harmless values come. */
  fail(): void;
  /** A new event begins. */
  beginEvent(): void;
  /** What the next primitives may lean on: `set` names the kind of decision, the rest are contexts, the most specific first. */
  focus(set: number, c0: number, c1: number, c2: number, c3: number): void;
  /** One decision, 0 or 1. */
  flag(bit: number): number;
  /** An integer, 0 to 2^53 - 1. */
  number(value: number): number;
  /** Text of at most `bytesMax` bytes; `field` says among what it is at home. */
  text(bytes: Uint8Array, field: number, bytesMax: number): Uint8Array;
  /** The lowest `count` bits of a value, 1 to 32 of them, that nothing tells anything about. */
  bits(value: number, count: number): number;
}
