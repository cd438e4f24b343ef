/**
 * Stand-ins for what tests (never core itself) take from Node without asking:
 * a little of `Buffer`, `TextEncoder`, `process.env`, `createHash` and `crc32`. `bundle.ts` imports them
 * into test files only, so that core still fails if it reaches for one.
 */
import { bytesToHex, hexToBytes, textToUtf8, utf8ToText } from "../../../src/core/bytes.ts";
import { nodeCrypto } from "./host.ts";

export class Buffer extends Uint8Array {
  static override from(source: unknown, encoding?: unknown): Buffer {
    const bytes = typeof source === "string" ? encodeText(source, encoding) : source;
    const list = bytes as ArrayLike<number>;
    const buffer = new Buffer(list.length);
    buffer.set(list);
    return buffer;
  }

  static alloc(sizeBytes: number, fill = 0): Buffer {
    const buffer = new Buffer(sizeBytes);
    buffer.fill(fill);
    return buffer;
  }

  static concat(parts: readonly Uint8Array[]): Buffer {
    const buffer = new Buffer(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      buffer.set(part, at);
      at += part.length;
    }
    return buffer;
  }

  static compare(a: Uint8Array, b: Uint8Array): number {
    const at = a.findIndex((byte, index) => byte !== b[index]);
    return at < 0 ? Math.sign(a.length - b.length) : Math.sign((a[at] ?? 0) - (b[at] ?? -1));
  }

  override indexOf(needle: unknown, from = 0): number {
    if (typeof needle === "number") return super.indexOf(needle, from);
    const bytes = typeof needle === "string" ? textToUtf8(needle) : (needle as Uint8Array);
    const first = bytes[0];
    if (first === undefined) return from;
    for (let at = super.indexOf(first, from); at >= 0; at = super.indexOf(first, at + 1)) {
      if (at + bytes.length > this.length) return -1;
      if (bytes.every((byte, index) => this[at + index] === byte)) return at;
    }
    return -1;
  }

  override includes(needle: unknown, from = 0): boolean {
    return this.indexOf(needle, from) >= 0;
  }

  equals(other: Uint8Array): boolean {
    return Buffer.compare(this, other) === 0;
  }

  override toString(encoding?: unknown): string {
    return encoding === "hex" ? bytesToHex(this) : (utf8ToText(this) ?? "");
  }
}

function encodeText(text: string, encoding: unknown): Uint8Array {
  return encoding === "hex" ? (hexToBytes(text) ?? new Uint8Array(0)) : textToUtf8(text);
}

export class TextEncoder {
  encode(text = ""): Uint8Array {
    return textToUtf8(text);
  }
}

export class TextDecoder {
  decode(bytes: Uint8Array): string {
    return utf8ToText(bytes) ?? "";
  }
}

/** Without settings: whatever a test reads from the environment has its default. */
export const process: { readonly env: Readonly<Record<string, string | undefined>> } = { env: {} };

interface Hash {
  update(bytes: Uint8Array | string): Hash;
  digest(encoding?: string): Buffer | string;
}

export function createHash(name: string): Hash {
  if (name !== "sha256") throw new Error(`no ${name} here`);
  const state = nodeCrypto.createSha256();
  const hash: Hash = {
    update(bytes) {
      state.update(typeof bytes === "string" ? textToUtf8(bytes) : bytes);
      return hash;
    },
    digest(encoding) {
      const sum = Buffer.from(state.digest());
      return encoding === undefined ? sum : sum.toString(encoding);
    },
  };
  return hash;
}

export const crc32 = (bytes: Uint8Array, seed = 0): number => nodeCrypto.crc32(bytes, seed);
