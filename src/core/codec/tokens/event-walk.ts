/**
 * One event to tokens and back: its clock, its type, what its author knew, and
 * its payload as a shape and values, or as plain text. Written once for both
 * directions, see coder.ts.
 *
 * The encoder tokenises a payload only when the tokens give the same bytes back;
 * anything else is plain text, and bytes without pattern are told apart so that
 * they do not grow.
 */
import { bytesEqual, ByteWriter, emptyBytes } from "../../bytes.ts";
import {
  type EventContent,
  fragmentBytesMax,
  hlcMsMax,
  knownBytesMax,
  typeMax,
} from "../../event.ts";
import type { TokenCoder } from "./coder.ts";
import { looksRandom } from "./plain.ts";
import { type Shape, shapeTextMax } from "./shapes.ts";
import { Splitter } from "./split.ts";
import type { TokenState } from "./state.ts";
import { sets } from "./contexts.ts";
import { ValueWalk, writeValue } from "./value-walk.ts";

const knownNothing = Uint8Array.of(0);

export interface WalkEvent {
  /** Number of the event's stream, for its clock. */
  readonly stream: number;
  readonly seq: number;
  /** The event; the decoder gives nothing. */
  readonly event?: EventContent;
  /** The longest payload that may come out. */
  readonly payloadBytesMax: number;
}

export class EventWalk {
  private readonly coder: TokenCoder;
  private readonly state: TokenState;
  private readonly values: ValueWalk;
  private readonly splitter = new Splitter();
  private readonly description = new ByteWriter(1024);

  constructor(coder: TokenCoder, state: TokenState) {
    this.coder = coder;
    this.state = state;
    this.values = new ValueWalk(coder, state);
  }

  /** The event that was given, or the one that was decoded; undefined when there is none to be had. */
  code(input: WalkEvent): EventContent | undefined {
    const { coder, state } = this;
    const { event, stream, seq } = input;
    coder.beginEvent();
    state.links.beginEvent();
    const type = this.type(event?.type ?? 0);
    const isUsual = this.isUsual(stream, event);
    const hlc = this.clock(stream, event?.hlc, isUsual);
    const known = isUsual ? knownNothing : this.known(event?.known ?? knownNothing);
    if (coder.failed || hlc === undefined) return undefined;
    state.times.beginEvent(hlc.ms);
    const payload = this.payload(event?.payload, input.payloadBytesMax);
    if (coder.failed) return undefined;
    return event ?? { seq, hlc, type, known, payload };
  }

  private type(given: number): number {
    const { coder, state } = this;
    coder.focus(sets.type, state.lastShape, state.lastType, state.shapeBefore, 0);
    const type = coder.number(given);
    if (type > typeMax) coder.fail();
    state.lastType = type;
    return type;
  }

  /** Later than the stream's last, the first of its millisecond, by an author who learned nothing. */
  private isUsual(stream: number, event: EventContent | undefined): boolean {
    const { coder, state } = this;
    const isUsual =
      event !== undefined &&
      event.hlc.ms > state.clockOf(stream).ms &&
      event.hlc.counter === 0 &&
      isNothing(event.known);
    coder.focus(sets.isUsualHead, state.lastType, 0, 0, 0);
    return coder.flag(isUsual ? 1 : 0) === 1;
  }

  private clock(
    stream: number,
    given: EventContent["hlc"] | undefined,
    isUsual: boolean,
  ): EventContent["hlc"] | undefined {
    const { coder, state } = this;
    const before = state.clockOf(stream);
    let isBack = 0;
    if (!isUsual) {
      coder.focus(sets.clockSign, 0, 0, 0, 0);
      isBack = coder.flag(given !== undefined && given.ms < before.ms ? 1 : 0);
    }
    coder.focus(sets.clock, state.lastType, state.lastShape, isUsual ? 1 : 0, isBack);
    const least = isUsual ? 1 : 0;
    const apart =
      least + coder.number(Math.abs((given?.ms ?? before.ms + least) - before.ms) - least);
    const ms = isBack === 1 ? before.ms - apart : before.ms + apart;
    const counter = isUsual
      ? 0
      : this.counter(given?.counter ?? 0, ms === before.ms ? before.counter : -1);
    if (ms < 0 || ms >= hlcMsMax || counter < 0 || counter > 0xffff) {
      coder.fail();
      return undefined;
    }
    state.setClock({ stream, ms, counter });
    return { ms, counter };
  }

  /** In one millisecond counters go on; else they mostly are 0. */
  private counter(given: number, before: number): number {
    const { coder, state } = this;
    const base = before + 1;
    coder.focus(sets.counter, base === 0 ? 0 : 1, state.lastType, 0, 0);
    return base + unzigzag(coder.number(zigzag(given - base)));
  }

  private known(given: Uint8Array): Uint8Array {
    const { coder } = this;
    coder.focus(sets.known, 0, 0, 0, 0);
    const isUsual = coder.flag(isNothing(given) ? 1 : 0);
    if (isUsual === 1) return knownNothing;
    return coder.text(given, sets.known, knownBytesMax);
  }

  private payload(given: Uint8Array | undefined, bytesMax: number): Uint8Array {
    const { coder, state, splitter } = this;
    const { shapes } = state;
    let shape: Shape | undefined;
    let isNew = false;
    if (given !== undefined && splitter.split(given) && this.isProven(given)) {
      shape = shapes.find(given, splitter);
      this.description.clear();
      if (shape === undefined) isNew = shapes.describe(this.description, given, splitter);
    }
    coder.focus(
      sets.shape,
      state.lastType * 512 + state.lastShape,
      state.lastType,
      state.lastShape * 512 + state.shapeBefore,
      0,
    );
    const number = coder.number(isNew ? 1 : shape === undefined ? 0 : shape.id + 2);
    if (number === 0) {
      this.noteShape(0);
      return this.plain(given ?? emptyBytes, bytesMax);
    }
    if (number === 1) {
      const description = coder.text(this.description.view(), sets.shape, shapeTextMax);
      shape = coder.failed ? undefined : shapes.add(description.slice());
    } else if (coder.isDecoder) shape = shapes.at(number - 2);
    if (shape === undefined) {
      coder.fail();
      return emptyBytes;
    }
    this.noteShape(shape.id + 1);
    return this.shaped(shape, given, bytesMax);
  }

  private noteShape(number: number): void {
    const { state } = this;
    state.shapeBefore = state.lastShape;
    state.lastShape = number;
  }

  private shaped(shape: Shape, given: Uint8Array | undefined, bytesMax: number): Uint8Array {
    const { coder, splitter, values } = this;
    const out = this.state.payload;
    out.clear();
    let at = 0;
    for (let i = 0; i < shape.kinds.length; i++) {
      if (given === undefined) {
        const end = shape.pieceEnds[i] as number;
        out.bytes(shape.text.subarray(at, end));
        at = end;
      }
      const value =
        given?.subarray(splitter.starts[i] as number, splitter.ends[i] as number) ?? emptyBytes;
      values.code({
        kind: shape.kinds[i] as number,
        slot: shape.firstSlot + i,
        field: shape.fields[i] as number,
        key: shape.keys[i] as number,
        value,
        out,
      });
      if (coder.failed) return emptyBytes;
      if (given === undefined && out.length > bytesMax) {
        coder.fail();
        return emptyBytes;
      }
    }
    if (given !== undefined) return given;
    out.bytes(shape.text.subarray(at));
    if (out.length > bytesMax) coder.fail();
    return coder.failed ? emptyBytes : out.take();
  }

  /** Each value, written from its tokens, is the same bytes. */
  private isProven(payload: Uint8Array): boolean {
    const { splitter } = this;
    const out = this.state.payload;
    for (let i = 0; i < splitter.count; i++) {
      const value = payload.subarray(splitter.starts[i] as number, splitter.ends[i] as number);
      out.clear();
      if (!writeValue(out, splitter.kinds[i] as number, value)) continue;
      if (!bytesEqual(out.view(), value)) return false;
    }
    return true;
  }

  private plain(given: Uint8Array, bytesMax: number): Uint8Array {
    const { coder } = this;
    coder.focus(sets.plain, 0, 0, 0, 0);
    const isRandom = coder.flag(looksRandom(given) ? 1 : 0);
    const limit = Math.min(bytesMax, fragmentBytesMax);
    if (isRandom === 0) return coder.text(given, sets.plain, limit).slice();
    const size = coder.number(given.length);
    if (size > limit) {
      coder.fail();
      return emptyBytes;
    }
    const out = new Uint8Array(size);
    for (let at = 0; at < size; at++) out[at] = coder.bits(given[at] ?? 0, 8);
    return out;
  }
}

function isNothing(known: Uint8Array): boolean {
  return known.length === 1 && known[0] === 0;
}

function zigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
