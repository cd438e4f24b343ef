/** Tokens as bits of an arithmetic coder: dense bytes only, with a model that learns beside the state. */
import { emptyBytes } from "../../bytes.ts";
import { fragmentBytesMax } from "../../event.ts";
import { EventWalk, type GivenEvent } from "../tokens/event-walk.ts";
import type { TokenState } from "../tokens/state.ts";
import type { TokenForm } from "../tokens/token-form.ts";
import { BitDecoder, BitEncoder, NullBits } from "./arithmetic-coder.ts";
import { MixCoder } from "./mix-coder.ts";
import { MixModel } from "./model.ts";

export class MixForm implements TokenForm {
  readonly visibleLength = 0;
  readonly tokensLength = 0;
  private readonly encoder = new BitEncoder();
  private readonly decoder = new BitDecoder();
  private readonly decodingCoder: MixCoder;
  private readonly encoding: EventWalk;
  private readonly decoding: EventWalk;
  /** What is learned makes no bytes. */
  private readonly learning: EventWalk;
  private isLearning = false;

  constructor(state: TokenState, counterPlaces: number) {
    const model = new MixModel(counterPlaces);
    this.decodingCoder = new MixCoder(model, this.decoder);
    this.encoding = new EventWalk(new MixCoder(model, this.encoder), state);
    this.decoding = new EventWalk(this.decodingCoder, state);
    this.learning = new EventWalk(new MixCoder(model, new NullBits()), state);
  }

  beginLearning(): void {
    this.isLearning = true;
  }

  beginEncoding(): void {
    this.isLearning = false;
    this.encoder.begin();
  }

  encode(stream: number, given: GivenEvent): void {
    const walk = this.isLearning ? this.learning : this.encoding;
    walk.code(stream, given, fragmentBytesMax);
  }

  get denseLength(): number {
    return this.encoder.length;
  }

  finish(): void {
    if (!this.isLearning) this.encoder.finish();
  }

  visible(): Uint8Array {
    return emptyBytes;
  }

  dense(): Uint8Array {
    return this.encoder.view();
  }

  beginDecoding(_visible: Uint8Array, _tokensLength: number, dense: Uint8Array): void {
    this.decoder.begin(dense);
    this.decodingCoder.begin();
  }

  decode(stream: number, payloadBytesMax: number): boolean {
    return this.decoding.code(stream, undefined, payloadBytesMax);
  }

  get isDecoded(): boolean {
    return this.decoder.finished;
  }
}
