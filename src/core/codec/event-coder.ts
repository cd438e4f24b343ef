/**
 * What one direction has learned, and the coding of its events with that: all of
 * codecs 2 to 5 but zstd and the frame of a block. It takes and gives numbers and
 * bytes only, and all its memory is taken at the start, so that a host whose
 * JavaScript is slow can run it as machine code.
 *
 * A call of `begin…` opens a batch; learning and encoding lead a direction on
 * alike. Views that come out are valid until the next call.
 */
import { emptyBytes } from "../bytes.ts";
import { fragmentBytesMax } from "../event.ts";
import { isMixCodec, sizesOf } from "./codecs.ts";
import { BitDecoder, BitEncoder, NullBits } from "./mix/arithmetic-coder.ts";
import { MixCoder } from "./mix/mix-coder.ts";
import { MixModel } from "./mix/model.ts";
import { ByteDecoder, ByteEncoder } from "./tokens/byte-coder.ts";
import { EventWalk } from "./tokens/event-walk.ts";
import { TokenState } from "./tokens/state.ts";

/** Tokens as bytes. */
class ByteSide {
  readonly encoder = new ByteEncoder();
  readonly decoder = new ByteDecoder();
  readonly encoding: EventWalk;
  readonly decoding: EventWalk;

  constructor(state: TokenState) {
    this.encoding = new EventWalk(this.encoder, state);
    this.decoding = new EventWalk(this.decoder, state);
  }
}

/** Tokens as bits of an arithmetic coder. */
class MixSide {
  readonly encoder = new BitEncoder();
  readonly decoder = new BitDecoder();
  readonly decodingCoder: MixCoder;
  readonly encoding: EventWalk;
  readonly decoding: EventWalk;
  readonly learning: EventWalk;

  constructor(state: TokenState, counterPlaces: number) {
    const model = new MixModel(counterPlaces);
    this.decodingCoder = new MixCoder(model, this.decoder);
    this.encoding = new EventWalk(new MixCoder(model, this.encoder), state);
    this.decoding = new EventWalk(this.decodingCoder, state);
    this.learning = new EventWalk(new MixCoder(model, new NullBits()), state);
  }
}

export class EventCoder {
  private readonly state: TokenState;
  private readonly bytes: ByteSide | undefined;
  private readonly mix: MixSide | undefined;
  private isLearning = false;

  /** `codec` is one of 2 to 5. */
  constructor(codec: number) {
    const sizes = sizesOf(codec);
    const isMix = isMixCodec(codec);
    this.state = new TokenState(sizes, isMix);
    this.bytes = isMix ? undefined : new ByteSide(this.state);
    this.mix = isMix ? new MixSide(this.state, sizes.counterPlaces) : undefined;
  }

  /** Events come that both sides hold. */
  beginLearning(): void {
    this.isLearning = true;
    this.bytes?.encoder.begin();
  }

  beginEncoding(): void {
    this.isLearning = false;
    this.bytes?.encoder.begin();
    this.mix?.encoder.begin();
  }

  encode(
    stream: number,
    ms: number,
    counter: number,
    type: number,
    known: Uint8Array,
    payload: Uint8Array,
  ): void {
    const walk =
      this.bytes?.encoding ?? (this.isLearning ? this.mix?.learning : this.mix?.encoding);
    walk?.code(stream, { ms, counter, type, known, payload }, fragmentBytesMax);
  }

  /** Bytes so far that zstd is to see. */
  get visibleLength(): number {
    return (this.bytes?.encoder.tokens.length ?? 0) + (this.bytes?.encoder.flags.length ?? 0);
  }

  /** Bytes so far that are as short as they get: those without pattern, or of the arithmetic coder. */
  get denseLength(): number {
    return this.bytes?.encoder.patternless.length ?? this.mix?.encoder.length ?? 0;
  }

  /** Ends a batch that was encoded or learned. */
  finish(): void {
    this.bytes?.encoder.finish();
    if (!this.isLearning) this.mix?.encoder.finish();
  }

  /** After `finish`: how many of the visible bytes are tokens, the rest being flags. */
  get tokensLength(): number {
    return this.bytes?.encoder.tokens.length ?? 0;
  }

  /** After `finish`: what zstd is to see. */
  visible(): Uint8Array {
    return this.bytes?.encoder.visible() ?? emptyBytes;
  }

  /** After `finish`: the dense bytes. */
  dense(): Uint8Array {
    return this.bytes?.encoder.patternless.view() ?? this.mix?.encoder.view() ?? emptyBytes;
  }

  /** `visible`: as an encoder's, with so many tokens; none with mixing. */
  beginDecoding(visible: Uint8Array, tokensLength: number, dense: Uint8Array): void {
    this.bytes?.decoder.begin(
      visible.subarray(0, tokensLength),
      visible.subarray(tokensLength),
      dense,
    );
    this.mix?.decoder.begin(dense);
    this.mix?.decodingCoder.begin();
  }

  /** False when there is no event to be had: then nothing more can be coded. */
  decode(stream: number, payloadBytesMax: number): boolean {
    const walk = this.bytes?.decoding ?? this.mix?.decoding;
    return walk?.code(stream, undefined, payloadBytesMax) ?? false;
  }

  /** The event that was decoded. */
  get ms(): number {
    return this.state.event.ms;
  }

  get counter(): number {
    return this.state.event.counter;
  }

  get type(): number {
    return this.state.event.type;
  }

  known(): Uint8Array {
    return this.state.event.known.view();
  }

  payload(): Uint8Array {
    return this.state.event.payload.view();
  }

  /** Every byte that came was needed. */
  get isDecoded(): boolean {
    return this.bytes?.decoder.finished ?? this.mix?.decoder.finished ?? false;
  }
}
