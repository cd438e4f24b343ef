/**
 * What one direction has learned, and the coding of its events with that: all of
 * codecs 2 to 5 but zstd and the frame of a block. It takes and gives numbers and
 * bytes only, and all its memory is taken at the start, so that a host whose
 * JavaScript is slow can run it as machine code.
 *
 * A call of `begin…` opens a batch; learning and encoding lead a direction on
 * alike. Views that come out are valid until the next call.
 */
import { isMixCodec, sizesOf } from "./codecs.ts";
import { MixForm } from "./mix/mix-form.ts";
import { ByteForm } from "./tokens/byte-form.ts";
import { TokenState } from "./tokens/state.ts";
import type { TokenForm } from "./tokens/token-form.ts";

export class EventCoder {
  private readonly state: TokenState;
  private readonly form: TokenForm;

  /** `codec` is one of 2 to 5. */
  constructor(codec: number) {
    const sizes = sizesOf(codec);
    const isMix = isMixCodec(codec);
    this.state = new TokenState(sizes, isMix);
    if (isMix) this.form = new MixForm(this.state, sizes.counterPlaces);
    else this.form = new ByteForm(this.state);
  }

  /** Events come that both sides hold. */
  beginLearning(): void {
    this.form.beginLearning();
  }

  beginEncoding(): void {
    this.form.beginEncoding();
  }

  encode(
    stream: number,
    ms: number,
    counter: number,
    type: number,
    known: Uint8Array,
    payload: Uint8Array,
  ): void {
    this.form.encode(stream, { ms, counter, type, known, payload });
  }

  /** Bytes so far that zstd is to see; 0 with mixing. */
  get visibleLength(): number {
    return this.form.visibleLength;
  }

  /** Bytes so far that are as short as they get: those without pattern, or of the arithmetic coder. */
  get denseLength(): number {
    return this.form.denseLength;
  }

  /** Ends a batch that was encoded or learned. */
  finish(): void {
    this.form.finish();
  }

  /** After `finish`: how many of the visible bytes are tokens, the rest being flags. */
  get tokensLength(): number {
    return this.form.tokensLength;
  }

  /** After `finish`: what zstd is to see. */
  visible(): Uint8Array {
    return this.form.visible();
  }

  /** After `finish`: the dense bytes. */
  dense(): Uint8Array {
    return this.form.dense();
  }

  /** `visible`: as an encoder's, with so many tokens; none with mixing. */
  beginDecoding(visible: Uint8Array, tokensLength: number, dense: Uint8Array): void {
    this.form.beginDecoding(visible, tokensLength, dense);
  }

  /** False when there is no event to be had: then nothing more can be coded. */
  decode(stream: number, payloadBytesMax: number): boolean {
    return this.form.decode(stream, payloadBytesMax);
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
    return this.form.isDecoded;
  }
}
