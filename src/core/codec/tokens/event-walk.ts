/**
 * One event to tokens and back: its clock, its type, what its author knew, and
 * its payload as a shape and values, or as plain text. Written once for both
 * directions, see coder.ts.
 *
 * The encoder tokenises a payload only when the tokens give the same bytes back;
 * anything else is plain text, and bytes without pattern are told apart so that
 * they do not grow.
 */
import { bytesEqual, emptyBytes } from "../../bytes.ts";
import { fragmentBytesMax, hlcMsMax, knownBytesMax, typeMax } from "../../event.ts";
import type { TokenCoder } from "./coder.ts";
import { sets } from "./contexts.ts";
import { looksRandom } from "./plain.ts";
import { shapeTextMax } from "./shapes.ts";
import type { TokenState } from "./state.ts";
import { ValueWalk, writeValue } from "./value-walk.ts";

/** The event that an encoder is given. */
export interface GivenEvent {
  readonly ms: number;
  readonly counter: number;
  readonly type: number;
  readonly known: Uint8Array;
  readonly payload: Uint8Array;
}

export class EventWalk {
  private readonly coder: TokenCoder;
  private readonly state: TokenState;
  private readonly values: ValueWalk;

  constructor(coder: TokenCoder, state: TokenState) {
    this.coder = coder;
    this.state = state;
    this.values = new ValueWalk(coder, state);
  }

  /**
   * `stream` is the number of the event's stream, for its clock. Afterwards the event is in
   * `state.event`, of a decoder with its payload. False when there is no event to be had.
   */
  code(stream: number, given: GivenEvent | undefined, payloadBytesMax: number): boolean {
    const { coder, state } = this;
    const { event } = state;
    coder.beginEvent();
    state.links.beginEvent();
    this.codeType(given?.type ?? 0);
    const isUsual = this.codeIsUsual(stream, given);
    this.codeClock(stream, given, isUsual);
    event.known.clear();
    if (isUsual) event.known.u8(0);
    else this.codeKnown(given?.known ?? emptyBytes);
    if (coder.failed) return false;
    state.times.beginEvent(event.ms);
    event.payload.clear();
    this.codePayload(given?.payload, payloadBytesMax);
    return !coder.failed;
  }

  private codeType(given: number): void {
    const { coder, state } = this;
    coder.focus(sets.type, state.lastShape, state.lastType, state.shapeBefore, 0);
    const type = coder.number(given);
    if (type > typeMax) coder.fail();
    state.event.type = type;
    state.lastType = type;
  }

  /** Later than the stream's last, the first of its millisecond, by an author who learned nothing. */
  private codeIsUsual(stream: number, given: GivenEvent | undefined): boolean {
    const { coder, state } = this;
    const isUsual =
      given !== undefined &&
      given.ms > state.clockMsOf(stream) &&
      given.counter === 0 &&
      isNothing(given.known);
    coder.focus(sets.isUsualHead, state.lastType, 0, 0, 0);
    return coder.flag(isUsual ? 1 : 0) === 1;
  }

  private codeClock(stream: number, given: GivenEvent | undefined, isUsual: boolean): void {
    const { coder, state } = this;
    const beforeMs = state.clockMsOf(stream);
    let isBack = 0;
    if (!isUsual) {
      coder.focus(sets.clockSign, 0, 0, 0, 0);
      isBack = coder.flag(given !== undefined && given.ms < beforeMs ? 1 : 0);
    }
    coder.focus(sets.clock, state.lastType, state.lastShape, isUsual ? 1 : 0, isBack);
    const least = isUsual ? 1 : 0;
    const apart =
      least + coder.number(Math.abs((given?.ms ?? beforeMs + least) - beforeMs) - least);
    const ms = isBack === 1 ? beforeMs - apart : beforeMs + apart;
    const counter = isUsual
      ? 0
      : this.codeCounter(
          given?.counter ?? 0,
          ms === beforeMs ? state.clockCounterOf(stream) + 1 : 0,
        );
    if (ms < 0 || ms >= hlcMsMax || counter < 0 || counter > 0xffff) {
      coder.fail();
      return;
    }
    state.event.ms = ms;
    state.event.counter = counter;
    state.setClock(stream, ms, counter);
  }

  /** In one millisecond counters go on from `base`; else they mostly are 0. */
  private codeCounter(given: number, base: number): number {
    const { coder, state } = this;
    coder.focus(sets.counter, base === 0 ? 0 : 1, state.lastType, 0, 0);
    return base + unzigzag(coder.number(zigzag(given - base)));
  }

  private codeKnown(given: Uint8Array): void {
    const { coder, state } = this;
    const { known } = state.event;
    coder.focus(sets.known, 0, 0, 0, 0);
    if (coder.flag(isNothing(given) ? 1 : 0) === 1) known.u8(0);
    else known.bytes(coder.text(given, sets.known, knownBytesMax));
  }

  private codePayload(given: Uint8Array | undefined, bytesMax: number): void {
    const { coder, state } = this;
    const { shapes } = state;
    const { splitter, description } = state.event;
    let shape = -1;
    let isNew = false;
    if (given !== undefined && splitter.split(given) && this.isProven(given)) {
      shape = shapes.find(given, splitter);
      description.clear();
      if (shape < 0) isNew = shapes.describe(description, given, splitter);
    }
    coder.focus(
      sets.shape,
      state.lastType * 512 + state.lastShape,
      state.lastType,
      state.lastShape * 512 + state.shapeBefore,
      0,
    );
    const number = coder.number(isNew ? 1 : shape < 0 ? 0 : shape + 2);
    if (number === 0) {
      this.noteShape(0);
      this.codePlain(given ?? emptyBytes, bytesMax);
      return;
    }
    if (number === 1) {
      const text = coder.text(description.view(), sets.shape, shapeTextMax);
      shape = coder.failed ? -1 : shapes.add(text);
    } else if (coder.isDecoder) shape = number - 2 < shapes.count ? number - 2 : -1;
    if (shape < 0) {
      coder.fail();
      return;
    }
    this.noteShape(shape + 1);
    this.codeValues(shape, given, bytesMax);
  }

  private noteShape(number: number): void {
    const { state } = this;
    state.shapeBefore = state.lastShape;
    state.lastShape = number;
  }

  private codeValues(shape: number, given: Uint8Array | undefined, bytesMax: number): void {
    const { coder, state, values } = this;
    const { shapes } = state;
    const { splitter, payload } = state.event;
    const first = shapes.firstSlot(shape);
    const end = shapes.endSlot(shape);
    for (let slot = first; slot < end; slot++) {
      const i = slot - first;
      if (given === undefined) payload.bytes(shapes.pieceBefore(shape, slot));
      values.code({
        kind: shapes.kinds[slot] as number,
        slot,
        field: shapes.fields[slot] as number,
        key: shapes.keyOf(slot),
        value:
          given?.subarray(splitter.starts[i] as number, splitter.ends[i] as number) ?? emptyBytes,
        out: payload,
      });
      if (payload.length > bytesMax) coder.fail();
      if (coder.failed) return;
    }
    if (given !== undefined) return;
    payload.bytes(shapes.lastPiece(shape));
    if (payload.length > bytesMax) coder.fail();
  }

  /** Each value, written from its tokens, is the same bytes. */
  private isProven(payload: Uint8Array): boolean {
    const { splitter, proof } = this.state.event;
    for (let i = 0; i < splitter.count; i++) {
      const value = payload.subarray(splitter.starts[i] as number, splitter.ends[i] as number);
      proof.clear();
      if (!writeValue(proof, splitter.kinds[i] as number, value)) continue;
      if (!bytesEqual(proof.view(), value)) return false;
    }
    return true;
  }

  private codePlain(given: Uint8Array, bytesMax: number): void {
    const { coder, state } = this;
    const { payload } = state.event;
    coder.focus(sets.plain, 0, 0, 0, 0);
    const isRandom = coder.flag(looksRandom(given) ? 1 : 0);
    const limit = Math.min(bytesMax, fragmentBytesMax);
    if (isRandom === 0) {
      const text = coder.text(given, sets.plain, limit);
      if (coder.isDecoder) payload.bytes(text);
      return;
    }
    const size = coder.number(given.length);
    if (size > limit) {
      coder.fail();
      return;
    }
    for (let at = 0; at < size; at++) {
      const byte = coder.bits(given[at] ?? 0, 8);
      if (coder.isDecoder) payload.u8(byte);
    }
  }
}

function isNothing(known: Uint8Array): boolean {
  return known.length === 1 && known[0] === 0;
}

function zigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? Math.floor(value / 2) : -Math.floor((value + 1) / 2);
}
