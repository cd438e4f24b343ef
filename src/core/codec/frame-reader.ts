/**
 * Cuts a byte stream into frames, whatever pieces it arrives in. Holds at most
 * one frame and what came with it; a length beyond the limit is a problem as
 * soon as it is read, before any byte of the body is kept.
 */
import { varintBytesMax } from "../bytes.ts";
import { frameBytesMax } from "./wire-limits.ts";

export type FrameCut =
  | { readonly kind: "frame"; readonly bytes: Uint8Array }
  | { readonly kind: "incomplete" }
  | { readonly kind: "problem"; readonly problem: string };

const incomplete: FrameCut = { kind: "incomplete" };

export class FrameReader {
  private buffer: Uint8Array = new Uint8Array(0);
  private start = 0;
  private end = 0;

  get bufferedBytes(): number {
    return this.end - this.start;
  }

  append(bytes: Uint8Array): void {
    if (this.end + bytes.length > this.buffer.length) {
      const held = this.end - this.start;
      const needed = held + bytes.length;
      const isRoomy = needed <= this.buffer.length && this.start > 0;
      const target = isRoomy ? this.buffer : new Uint8Array(Math.max(1024, needed * 2));
      if (isRoomy) target.copyWithin(0, this.start, this.end);
      else target.set(this.buffer.subarray(this.start, this.end));
      this.buffer = target;
      this.start = 0;
      this.end = held;
    }
    this.buffer.set(bytes, this.end);
    this.end += bytes.length;
  }

  /** The next frame's type byte and body, as a view that is valid until the next `append`. */
  next(): FrameCut {
    let length = 0;
    let scale = 1;
    let at = this.start;
    for (let count = 1; ; count++) {
      if (at === this.end) return incomplete;
      const byte = this.buffer[at] ?? 0;
      at++;
      length += (byte % 0x80) * scale;
      if (length > frameBytesMax) return { kind: "problem", problem: "a frame is over 64 KiB" };
      if (byte < 0x80) {
        if (byte === 0 && count > 1)
          return { kind: "problem", problem: "a length is not in shortest form" };
        break;
      }
      if (count === varintBytesMax) return { kind: "problem", problem: "a length is too long" };
      scale *= 0x80;
    }
    if (length === 0) return { kind: "problem", problem: "a frame is empty" };
    if (this.end - at < length) return incomplete;
    const bytes = this.buffer.subarray(at, at + length);
    this.start = at + length;
    return { kind: "frame", bytes };
  }
}
