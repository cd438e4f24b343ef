/**
 * NDJSON into events, fast: a chunk is looked at as a whole, a line becomes a
 * view of the chunk, and no byte is copied except where a line spans chunks.
 *
 * Validity is checked on the Latin-1 reading of the bytes: once they are known
 * to be UTF-8 (`isUtf8`, per chunk), every byte above 0x7f belongs to a
 * character of its own, which JSON allows inside strings and nowhere else, so
 * the Latin-1 reading is JSON exactly when the UTF-8 reading is.
 */
import { isUtf8 } from "node:buffer";
import { pointerToTokens, valueAt } from "../command/json-pointer.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import { payloadBytesMax } from "../core/event.ts";
import type { PushInput } from "../engine/api.ts";

export interface EventTemplate {
  readonly type: number;
  readonly lane: string;
  /** Why a payload may not be stored, or undefined. */
  readonly check?: (payload: Uint8Array) => string | undefined;
  /** JSON pointer to each line's idempotency key. */
  readonly idField?: string;
}

const newline = 0x0a;

export class EventLines {
  /** What stopped the reading; nothing after that line is taken. */
  fault: ZamError | undefined;
  private readonly template: EventTemplate;
  private readonly idTokens: readonly string[] | undefined;
  private events: PushInput[] = [];
  private bytes = 0;
  private line = 0;
  private carry: Buffer[] = [];
  private carryBytes = 0;

  constructor(template: EventTemplate) {
    this.template = template;
    this.idTokens = template.idField === undefined ? undefined : pointerToTokens(template.idField);
  }

  get eventCount(): number {
    return this.events.length;
  }

  get payloadBytes(): number {
    return this.bytes;
  }

  /** The events read so far; the next ones start a new list. */
  take(): readonly PushInput[] {
    const taken = this.events;
    this.events = [];
    this.bytes = 0;
    return taken;
  }

  /** The chunk is kept by reference, and must not change any more. */
  feed(chunk: Buffer): void {
    if (this.fault !== undefined) return;
    const first = chunk.indexOf(newline);
    if (first < 0) {
      this.keep(chunk);
      return;
    }
    let start = 0;
    if (this.carryBytes > 0) {
      this.keep(chunk.subarray(0, first));
      this.takeCarry();
      if (this.fault !== undefined) return;
      start = first + 1;
    }
    const end = chunk.lastIndexOf(newline) + 1;
    if (end > start) this.takeLines(chunk.subarray(start, end));
    if (end < chunk.length) this.keep(chunk.subarray(end));
  }

  /** A last line needs no line break. */
  finish(): void {
    if (this.fault === undefined && this.carryBytes > 0) this.takeCarry();
  }

  private keep(part: Buffer): void {
    this.carry.push(part);
    this.carryBytes += part.length;
    if (this.carryBytes <= payloadBytesMax + 1) return;
    this.fault ??= new ZamError("Z601", {
      sizeBytes: this.carryBytes,
      maxBytes: payloadBytesMax,
      line: this.line + 1,
    });
    this.carry = [];
    this.carryBytes = 0;
  }

  private takeCarry(): void {
    const whole = Buffer.concat([...this.carry, Buffer.of(newline)]);
    this.carry = [];
    this.carryBytes = 0;
    if (this.fault === undefined) this.takeLines(whole);
  }

  /** `block` ends with a line break. */
  private takeLines(block: Buffer): void {
    const isText = isUtf8(block);
    const text = block.toString("latin1");
    let at = 0;
    while (at < text.length) {
      const end = text.indexOf("\n", at);
      this.line++;
      if (this.line === 1 && text.startsWith("\u00ef\u00bb\u00bf")) at += 3;
      // A carriage return belongs to the line break of some systems.
      const to = end > at && text.charCodeAt(end - 1) === 0x0d ? end - 1 : end;
      if (to > at && !this.takeLine(block, text, { at, to, isText })) return;
      at = end + 1;
    }
  }

  /** False when the line is no event; `fault` then says why. */
  private takeLine(
    block: Buffer,
    text: string,
    span: { readonly at: number; readonly to: number; readonly isText: boolean },
  ): boolean {
    const { at, to } = span;
    const line = text.slice(at, to);
    const payload = block.subarray(at, to);
    try {
      JSON.parse(line);
    } catch {
      if (line.trim() === "") return true;
      return this.refuse(notJson(payload));
    }
    if (!span.isText && !isUtf8(payload)) return this.refuse("it is not UTF-8");
    const { type, lane, check } = this.template;
    const where = check?.(payload);
    if (where !== undefined) {
      this.fault = new ZamError("Z620", {
        type,
        where: `${where} (line ${this.line})`,
        line: this.line,
      });
      return false;
    }
    if (this.idTokens === undefined) {
      this.events.push({ payload, type, lane });
    } else {
      const id = this.idOf(payload, this.idTokens);
      if (id === undefined) return false;
      this.events.push({ payload, type, lane, id });
    }
    this.bytes += payload.length;
    return true;
  }

  private idOf(payload: Buffer, tokens: readonly string[]): string | undefined {
    const value = valueAt(JSON.parse(payload.toString("utf8")), tokens);
    if (typeof value === "string" && value.length > 0) return value;
    if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
    this.fault = new ZamError("Z609", { line: this.line, pointer: this.template.idField ?? "" });
    return undefined;
  }

  private refuse(problem: string): false {
    this.fault = new ZamError("Z604", {
      problem: `line ${this.line}: ${problem}`,
      line: this.line,
    });
    return false;
  }
}

/** Why JSON.parse does not take it, in one short line. */
export function notJson(payload: Uint8Array): string {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("utf8");
  try {
    JSON.parse(text);
    return "it is not UTF-8";
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return reason.replace(/\s+/g, " ").slice(0, 160);
  }
}
