/**
 * Codecs 2 to 5: batches of one direction, each coded with what all before it
 * taught, so the order of batches is part of the format. Both ends hold one of
 * these for a direction while events flow, and let it go when they rest.
 *
 * A batch that cannot be decoded leaves a state that nobody shares any more: the
 * codec then refuses everything, and the session ends. That the content is what
 * was meant is proven by the chain, not here.
 */
import { ByteReader, ByteWriter } from "../bytes.ts";
import { type EventContent, fragmentBytesMax } from "../event.ts";
import type { CompressorPort } from "../ports.ts";
import { type CodecSizes, isMixCodec, sizesOf } from "./codecs.ts";
import { BitDecoder, BitEncoder, nullBits } from "./mix/arithmetic-coder.ts";
import { MixCoder } from "./mix/mix-coder.ts";
import { MixModel } from "./mix/model.ts";
import { ByteDecoder, ByteEncoder } from "./tokens/byte-coder.ts";
import type { TokenCoder } from "./tokens/coder.ts";
import { EventWalk } from "./tokens/event-walk.ts";
import { TokenState } from "./tokens/state.ts";
import { Window } from "./window.ts";

export interface BatchInput {
  /** The sender's number of the stream. */
  readonly stream: number;
  /** At least one; whole events, none fragmented. */
  readonly events: readonly EventContent[];
  /** Bytes of the block that are not to be passed by much; one event always goes. */
  readonly bytesAim: number;
}

export interface EncodedBatch {
  readonly block: Uint8Array;
  /** How many of the events are in it. */
  readonly count: number;
  /** Bytes of their payloads and `known`. */
  readonly contentBytes: number;
}

export interface BatchBlock {
  readonly stream: number;
  readonly from: number;
  readonly count: number;
  readonly block: Uint8Array;
}

export class BatchCodec {
  readonly codec: number;
  private readonly sizes: CodecSizes;
  private readonly compressor: CompressorPort;
  private readonly state: TokenState;
  private readonly model: MixModel | undefined;
  private readonly window: Window;
  private isBroken = false;
  /** Bytes that zstd has left of each byte of tokens lately. */
  private ratio = 0.6;

  constructor(codec: number, compressor: CompressorPort) {
    this.codec = codec;
    this.sizes = sizesOf(codec);
    this.compressor = compressor;
    this.state = new TokenState(this.sizes, isMixCodec(codec));
    this.model = isMixCodec(codec) ? new MixModel(this.sizes.counterPlaces) : undefined;
    this.window = new Window(this.sizes.windowBytes, this.sizes.zstd);
  }

  /** Learns events that both sides hold, as if they had been sent in one batch. */
  prime(stream: number, events: readonly EventContent[]): void {
    if (this.model !== undefined) {
      const walk = this.walk(new MixCoder(this.model, nullBits));
      for (const event of events) this.step(walk, stream, event);
      return;
    }
    const coder = new ByteEncoder();
    const walk = this.walk(coder);
    for (const event of events) this.step(walk, stream, event);
    coder.finish();
    this.window.append(coder.visible());
  }

  encode(input: BatchInput): EncodedBatch {
    return this.model === undefined ? this.encodeTokens(input) : this.encodeMix(this.model, input);
  }

  private encodeMix(model: MixModel, input: BatchInput): EncodedBatch {
    const bits = new BitEncoder();
    const walk = this.walk(new MixCoder(model, bits));
    const taken = this.takeEvents(walk, input, () => bits.length);
    return { ...taken, block: bits.finish() };
  }

  private encodeTokens(input: BatchInput): EncodedBatch {
    const coder = new ByteEncoder();
    const walk = this.walk(coder);
    const taken = this.takeEvents(
      walk,
      input,
      () => coder.visibleLength * this.ratio + coder.patternless.length,
    );
    coder.finish();
    const visible = coder.visible();
    const packed = this.compressor.compress(visible, this.window.dictionary(), this.window.tables);
    const isPacked = packed.length < visible.length;
    this.ratio = Math.min(1, (this.ratio + packed.length / visible.length) / 2);
    this.window.append(visible);
    const out = new ByteWriter(packed.length + coder.patternless.length + 12);
    out.varint(coder.tokens.length);
    out.varint(coder.flags.length);
    out.varint(coder.patternless.length);
    out.bytes(coder.patternless.view());
    out.bytes(isPacked ? packed : visible);
    return { ...taken, block: out.take() };
  }

  private takeEvents(
    walk: EventWalk,
    input: BatchInput,
    length: () => number,
  ): { readonly count: number; readonly contentBytes: number } {
    const { batchEventsMax, batchBytesMax } = this.sizes;
    let count = 0;
    let contentBytes = 0;
    for (const event of input.events) {
      const bytes = contentBytes + contentBytesOf(event);
      const isFull = count === batchEventsMax || bytes > batchBytesMax;
      // As long as the next, if it is like those before, fits as well.
      if (count > 0 && (isFull || (length() * (count + 1)) / count > input.bytesAim)) break;
      this.step(walk, input.stream, event);
      contentBytes = bytes;
      count++;
    }
    return { count, contentBytes };
  }

  /** The events of a block, or undefined when it is none; then nothing more can be decoded. */
  decode(input: BatchBlock): readonly EventContent[] | undefined {
    if (this.isBroken) return undefined;
    const events =
      this.model === undefined ? this.decodeTokens(input) : this.decodeMix(this.model, input);
    this.isBroken = events === undefined;
    return events;
  }

  private decodeMix(model: MixModel, input: BatchBlock): readonly EventContent[] | undefined {
    const bits = new BitDecoder(input.block);
    const events = this.decodeEvents(new MixCoder(model, bits), input);
    return bits.finished ? events : undefined;
  }

  private decodeTokens(input: BatchBlock): readonly EventContent[] | undefined {
    const reader = new ByteReader(input.block);
    const tokensBytes = reader.varint();
    const flagsBytes = reader.varint();
    const patternless = reader.sized(input.block.length);
    const visibleBytes = tokensBytes + flagsBytes;
    // Tokens are never much longer than what they stand for.
    if (reader.failed || visibleBytes > visibleBytesMax(this.sizes, input.count)) return undefined;
    const rest = reader.bytes(reader.remaining);
    const visible =
      rest.length === visibleBytes
        ? rest.slice()
        : this.compressor.decompress(rest, {
            dictionary: this.window.dictionary(),
            sizeBytes: visibleBytes,
          });
    if (visible === undefined) return undefined;
    this.window.append(visible);
    const coder = new ByteDecoder({
      tokens: visible.subarray(0, tokensBytes),
      flags: visible.subarray(tokensBytes),
      patternless,
    });
    const events = this.decodeEvents(coder, input);
    return coder.finished ? events : undefined;
  }

  private decodeEvents(
    coder: TokenCoder,
    { stream, from, count }: BatchBlock,
  ): readonly EventContent[] | undefined {
    const { batchEventsMax, batchBytesMax } = this.sizes;
    if (count > batchEventsMax) return undefined;
    const walk = this.walk(coder);
    const events: EventContent[] = [];
    let bytesLeft = batchBytesMax;
    for (let i = 0; i < count; i++) {
      const event = walk.code({ stream, seq: from + i, payloadBytesMax: bytesLeft });
      if (event === undefined) return undefined;
      bytesLeft -= contentBytesOf(event);
      if (bytesLeft < 0) return undefined;
      events.push(event);
    }
    return events;
  }

  private walk(coder: TokenCoder): EventWalk {
    return new EventWalk(coder, this.state);
  }

  private step(walk: EventWalk, stream: number, event: EventContent): void {
    walk.code({ stream, seq: event.seq, event, payloadBytesMax: fragmentBytesMax });
  }
}

export function contentBytesOf(event: EventContent): number {
  return event.payload.length + event.known.length;
}

/** A value of one character may need a token and its text; a head needs less than the rest. */
function visibleBytesMax(sizes: CodecSizes, count: number): number {
  return sizes.batchBytesMax * 2 + count * 32;
}
