/**
 * Codecs 2 to 5: batches of one direction, each coded with what all before it
 * taught, so the order of batches is part of the format. Both ends hold one of
 * these for a direction while events flow, and let it go when they rest.
 *
 * A batch that cannot be decoded leaves a state that nobody shares any more: the
 * codec then refuses everything, and the session ends. That the content is what
 * was meant is proven by the chain, not here.
 */
import { ByteReader, ByteWriter, emptyBytes } from "../bytes.ts";
import type { EventContent } from "../event.ts";
import type { CompressorPort } from "../ports.ts";
import { type CodecSizes, isMixCodec, sizesOf } from "./codecs.ts";
import { EventCoder } from "./event-coder.ts";
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
  private readonly isMix: boolean;
  private readonly sizes: CodecSizes;
  private readonly compressor: CompressorPort;
  private readonly coder: EventCoder;
  private readonly window: Window;
  private isBroken = false;
  /** Bytes that zstd has left of each byte of tokens lately. */
  private ratio = 0.6;

  constructor(codec: number, compressor: CompressorPort) {
    this.codec = codec;
    this.isMix = isMixCodec(codec);
    this.sizes = sizesOf(codec);
    this.compressor = compressor;
    this.coder = new EventCoder(codec);
    this.window = new Window(this.sizes.windowBytes, this.sizes.zstd);
  }

  /** Learns events that both sides hold, as if they had been sent in one batch. */
  prime(stream: number, events: readonly EventContent[]): void {
    const { coder } = this;
    coder.beginLearning();
    for (const event of events) this.add(stream, event);
    coder.finish();
    if (!this.isMix) this.window.append(coder.visible());
  }

  encode(input: BatchInput): EncodedBatch {
    const { coder } = this;
    coder.beginEncoding();
    const taken = this.takeEvents(input);
    coder.finish();
    return { ...taken, block: this.isMix ? coder.dense().slice() : this.packed() };
  }

  /** The lengths of the sections, what has no pattern, and the rest by zstd where that is shorter. */
  private packed(): Uint8Array {
    const { coder, window } = this;
    const visible = coder.visible();
    const dense = coder.dense();
    const packed = this.compressor.compress(visible, window.dictionary(), window.tables);
    const isPacked = packed.length < visible.length;
    this.ratio = Math.min(1, (this.ratio + packed.length / visible.length) / 2);
    window.append(visible);
    const out = new ByteWriter(packed.length + dense.length + 12);
    out.varint(coder.tokensLength);
    out.varint(visible.length - coder.tokensLength);
    out.sized(dense);
    out.bytes(isPacked ? packed : visible);
    return out.take();
  }

  private takeEvents(input: BatchInput): { readonly count: number; readonly contentBytes: number } {
    const { coder, ratio } = this;
    const { batchEventsMax, batchBytesMax } = this.sizes;
    let count = 0;
    let contentBytes = 0;
    for (const event of input.events) {
      const bytes = contentBytes + contentBytesOf(event);
      const isFull = count === batchEventsMax || bytes > batchBytesMax;
      const length = coder.visibleLength * ratio + coder.denseLength;
      // As long as the next, if it is like those before, fits as well.
      if (count > 0 && (isFull || (length * (count + 1)) / count > input.bytesAim)) break;
      this.add(input.stream, event);
      contentBytes = bytes;
      count++;
    }
    return { count, contentBytes };
  }

  private add(stream: number, { hlc, type, known, payload }: EventContent): void {
    this.coder.encode(stream, hlc.ms, hlc.counter, type, known, payload);
  }

  /** The events of a block, or undefined when it is none; then nothing more can be decoded. */
  decode(input: BatchBlock): readonly EventContent[] | undefined {
    if (this.isBroken) return undefined;
    const isBegun = this.isMix ? this.beginMix(input) : this.beginTokens(input);
    const events = isBegun ? this.decodeEvents(input) : undefined;
    this.isBroken = events === undefined;
    return events;
  }

  private beginMix(input: BatchBlock): boolean {
    this.coder.beginDecoding(emptyBytes, 0, input.block);
    return true;
  }

  private beginTokens(input: BatchBlock): boolean {
    const { window } = this;
    const reader = new ByteReader(input.block);
    const tokensBytes = reader.varint();
    const flagsBytes = reader.varint();
    const dense = reader.sized(input.block.length);
    const visibleBytes = tokensBytes + flagsBytes;
    // Tokens are never much longer than what they stand for.
    if (reader.failed || visibleBytes > visibleBytesMax(this.sizes, input.count)) return false;
    const rest = reader.bytes(reader.remaining);
    const visible =
      rest.length === visibleBytes
        ? rest.slice()
        : this.compressor.decompress(rest, {
            dictionary: window.dictionary(),
            sizeBytes: visibleBytes,
          });
    if (visible === undefined) return false;
    window.append(visible);
    this.coder.beginDecoding(visible, tokensBytes, dense);
    return true;
  }

  private decodeEvents({ stream, from, count }: BatchBlock): readonly EventContent[] | undefined {
    const { coder } = this;
    const { batchEventsMax, batchBytesMax } = this.sizes;
    if (count > batchEventsMax) return undefined;
    const events: EventContent[] = [];
    let bytesLeft = batchBytesMax;
    for (let i = 0; i < count; i++) {
      if (!coder.decode(stream, bytesLeft)) return undefined;
      const event = {
        seq: from + i,
        hlc: { ms: coder.ms, counter: coder.counter },
        type: coder.type,
        known: coder.known().slice(),
        payload: coder.payload().slice(),
      };
      bytesLeft -= contentBytesOf(event);
      if (bytesLeft < 0) return undefined;
      events.push(event);
    }
    return coder.isDecoded ? events : undefined;
  }
}

export function contentBytesOf(event: EventContent): number {
  return event.payload.length + event.known.length;
}

/** A value of one character may need a token and its text; a head needs less than the rest. */
function visibleBytesMax(sizes: CodecSizes, count: number): number {
  return sizes.batchBytesMax * 2 + count * 32;
}
