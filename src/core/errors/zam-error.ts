/**
 * The one error type. Callers branch on `code`, never on text. Codes are
 * append-only: never reused, renumbered or given a new meaning.
 */
import { counted } from "../counted.ts";
import { catalogue, type ZCode } from "./catalogue.ts";
import type { ExitStatus } from "./entry.ts";

export type ErrorContext = Readonly<Record<string, string | number | boolean>>;

export class ZamError extends Error {
  readonly code: ZCode;
  readonly context: ErrorContext;
  readonly cause: unknown;

  constructor(code: ZCode, context: ErrorContext = {}, cause?: unknown) {
    super(fill(catalogue[code].message, context));
    this.name = "ZamError";
    this.code = code;
    this.context = context;
    this.cause = cause;
  }

  get hint(): string {
    return fill(catalogue[this.code].hint, this.context);
  }

  /** True when the same call may succeed later with nothing changed by a person. */
  get isRetryable(): boolean {
    return catalogue[this.code].retryable;
  }

  get exitStatus(): ExitStatus {
    return catalogue[this.code].exit;
  }
}

export function isZCode(text: string): text is ZCode {
  return Object.prototype.hasOwnProperty.call(catalogue, text);
}

function fill(template: string, context: ErrorContext): string {
  return template.replace(/\{(\w+)(?: ([\w ]+))?\}/g, (whole, name: string, one?: string) => {
    const value = context[name];
    if (value === undefined) return whole;
    return one === undefined ? String(value) : counted(Number(value), one);
  });
}

/** A broken invariant of our own: never caught and hidden, on in production. */
export class AssertionError extends Error {
  constructor(message: string) {
    super(`invariant broken: ${message}`);
    this.name = "AssertionError";
  }
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

export function assertNever(value: never): never {
  throw new AssertionError(`unexpected value ${String(value)}`);
}
