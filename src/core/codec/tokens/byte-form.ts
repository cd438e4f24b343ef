/** Tokens as bytes: those that zstd is to see, and dense ones, which have no pattern. */
import { fragmentBytesMax } from "../../event.ts";
import { ByteDecoder, ByteEncoder } from "./byte-coder.ts";
import { EventWalk, type GivenEvent } from "./event-walk.ts";
import type { TokenState } from "./state.ts";
import type { TokenForm } from "./token-form.ts";

export class ByteForm implements TokenForm {
  private readonly encoder = new ByteEncoder();
  private readonly decoder = new ByteDecoder();
  private readonly encoding: EventWalk;
  private readonly decoding: EventWalk;

  constructor(state: TokenState) {
    this.encoding = new EventWalk(this.encoder, state);
    this.decoding = new EventWalk(this.decoder, state);
  }

  /** What was learned is bytes as well: zstd leans on them. */
  beginLearning(): void {
    this.encoder.begin();
  }

  beginEncoding(): void {
    this.encoder.begin();
  }

  encode(stream: number, given: GivenEvent): void {
    this.encoding.code(stream, given, fragmentBytesMax);
  }

  get visibleLength(): number {
    return this.encoder.tokens.length + this.encoder.flags.length;
  }

  get denseLength(): number {
    return this.encoder.patternless.length;
  }

  finish(): void {
    this.encoder.finish();
  }

  get tokensLength(): number {
    return this.encoder.tokens.length;
  }

  visible(): Uint8Array {
    return this.encoder.visible();
  }

  dense(): Uint8Array {
    return this.encoder.patternless.view();
  }

  beginDecoding(visible: Uint8Array, tokensLength: number, dense: Uint8Array): void {
    const tokens = visible.subarray(0, tokensLength);
    this.decoder.begin(tokens, visible.subarray(tokensLength), dense);
  }

  decode(stream: number, payloadBytesMax: number): boolean {
    return this.decoding.code(stream, undefined, payloadBytesMax);
  }

  get isDecoded(): boolean {
    return this.decoder.finished;
  }
}
