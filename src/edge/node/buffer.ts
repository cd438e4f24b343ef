/** Node's Buffer, as far as the engine uses it; the byte work is the host's. */
import { bytesToHex, hexToBytes } from "../../core/bytes.ts";
import { host } from "../host-functions.ts";

export class SmallBuffer extends Uint8Array {
  /** A text and its encoding; a buffer, an offset and a size; or bytes, which are copied. */
  static override from(source: unknown, second?: unknown, sizeBytes?: unknown): SmallBuffer {
    if (typeof source === "string") return viewOf(encode(source, second));
    if (source instanceof ArrayBuffer)
      return new SmallBuffer(source, second as number | undefined, sizeBytes as number | undefined);
    const list = source as ArrayLike<number>;
    const copy = new SmallBuffer(list.length);
    copy.set(list);
    return copy;
  }

  static override of(...bytes: readonly number[]): SmallBuffer {
    return SmallBuffer.from(bytes);
  }

  static alloc(sizeBytes: number): SmallBuffer {
    return new SmallBuffer(sizeBytes);
  }

  static byteLength(text: string): number {
    return host.textToUtf8(text).length;
  }

  static concat(parts: readonly Uint8Array[], sizeBytes?: number): SmallBuffer {
    const whole = new SmallBuffer(sizeBytes ?? parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  override toString(encoding = "utf8"): string {
    switch (encoding) {
      case "hex":
        return bytesToHex(this);
      case "base64":
        return host.bytesToBase64(this);
      case "base64url":
        return host.bytesToBase64(this).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
      case "latin1":
        return host.latin1ToText(this);
      case "utf8":
        return decodeLossy(this);
      default:
        throw new TypeError(`no encoding here: ${encoding}`);
    }
  }
}

function viewOf(bytes: Uint8Array): SmallBuffer {
  return new SmallBuffer(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
}

function encode(text: string, encoding: unknown): Uint8Array {
  switch (encoding) {
    case "hex":
      return hexToBytes(text) ?? new Uint8Array(0);
    case "base64":
    case "base64url":
      return host.base64ToBytes(padded(text)) ?? new Uint8Array(0);
    case "utf8":
    case undefined:
      return host.textToUtf8(text);
    default:
      throw new TypeError(`no encoding here: ${String(encoding)}`);
  }
}

/** Both alphabets of base64 as the one with padding (RFC 4648). */
function padded(text: string): string {
  const bare = text.replace(/-/g, "+").replace(/_/g, "/").replace(/=+$/, "");
  return bare.padEnd(Math.ceil(bare.length / 4) * 4, "=");
}

/** Each byte that belongs to no character becomes U+FFFD. */
function decodeLossy(bytes: Uint8Array): string {
  const whole = host.utf8ToText(bytes);
  if (whole !== null) return whole;
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    let size = 1;
    let character: string | null = null;
    for (; size <= 4 && character === null; size++)
      character = host.utf8ToText(bytes.subarray(at, at + size));
    text += character ?? "\ufffd";
    at += character === null ? 1 : size - 1;
  }
  return text;
}

export function isUtf8(bytes: Uint8Array): boolean {
  return host.isUtf8(bytes);
}

export class SmallTextEncoder {
  encode(text: string): Uint8Array {
    return host.textToUtf8(text);
  }
}

/** Strict, as the one place that needs it asks for. */
export class SmallTextDecoder {
  decode(bytes: Uint8Array): string {
    const text = host.utf8ToText(bytes);
    if (text === null) throw new TypeError("no UTF-8");
    return text;
  }
}
