/** From an event to the row that it becomes. */
import { pointerToTokens, valueAt } from "../../command/json-pointer.ts";
import { isJson, largeJsonCharacters } from "../../command/json-text.ts";
import type { ArrivedEvent } from "../../engine/index.ts";
import { textAt } from "../api/json-slices.ts";
import type { ColumnType, MappedColumn } from "./mapping.ts";

export type SqlValue = string | number | null;

export interface EventRow extends Omit<ArrivedEvent, "payload"> {
  /** The payload where it is JSON. */
  readonly payload: string | null;
  /** The payload where it is not. */
  readonly payloadRaw: Uint8Array | null;
  /** One a mapped column, in their order. */
  readonly values: readonly SqlValue[];
}

/** Fills in what the mapping asks for. Total: what does not fit is NULL, and counted. */
export class RowMaker {
  /** Values that were there and had another type than their column. */
  unfitting = 0;
  private readonly fields: readonly {
    readonly tokens: readonly string[];
    readonly type: ColumnType;
  }[];
  private readonly decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  constructor(columns: readonly MappedColumn[]) {
    this.fields = columns.map(({ pointer, type }) => ({ tokens: pointerToTokens(pointer), type }));
  }

  make(event: ArrivedEvent): EventRow {
    const { payload: bytes, ...rest } = event;
    try {
      const text = this.decoder.decode(bytes);
      return { ...rest, payload: text, payloadRaw: null, values: this.valuesOf(text) };
    } catch {
      return { ...rest, payload: null, payloadRaw: bytes, values: this.fields.map(() => null) };
    }
  }

  /** The mapped values of a payload. @throws SyntaxError when it is no JSON */
  valuesOf(text: string): readonly SqlValue[] {
    const find = text.length > largeJsonCharacters ? finderInText(text) : finderInValue(text);
    return this.fields.map(({ tokens, type }) => {
      const value = find(tokens);
      if (value === undefined || value === null) return null;
      const fitted = value instanceof LargeText ? value.fit(type) : fit(value, type);
      if (fitted === undefined) this.unfitting++;
      return fitted ?? null;
    });
  }
}

type Find = (tokens: readonly string[]) => unknown;

function finderInValue(text: string): Find {
  const root: unknown = JSON.parse(text);
  return (tokens) => valueAt(root, tokens);
}

/** Millions of values are not made for the few that have a column. */
function finderInText(text: string): Find {
  if (!isJson(text)) throw new SyntaxError("it is no JSON");
  return (tokens) => {
    const found = textAt(text, tokens);
    if (found === undefined) return undefined;
    const isLarge = found.length > largeJsonCharacters && /^[[{]/.test(found);
    return isLarge ? new LargeText(found) : JSON.parse(found);
  };
}

/** An object or array that is not made. */
class LargeText {
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  fit(type: ColumnType): SqlValue | undefined {
    return type === "json" ? this.text : undefined;
  }
}

const isoTime = /^(?!0000)\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** Undefined where the value is of another type. */
function fit(value: unknown, type: ColumnType): SqlValue | undefined {
  switch (type) {
    case "text":
      if (typeof value === "string") return isStorable(value) ? value : undefined;
      return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
    case "integer":
      return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
    case "real":
      return typeof value === "number" && Number.isFinite(value) ? value : undefined;
    case "boolean":
      return typeof value === "boolean" ? Number(value) : undefined;
    case "timestamp":
      return typeof value === "string" ? timeOf(value) : undefined;
    case "json":
      return jsonOf(value);
  }
}

/** PostgreSQL's text has no zero character. */
function isStorable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

/** ISO 8601 in UTC; a time without a zone is taken as UTC. */
function timeOf(text: string): string | undefined {
  const found = isoTime.exec(text);
  if (found === null) return undefined;
  const hasZone = found[1] === undefined || found[4] !== undefined;
  const ms = Date.parse(hasZone ? text.replace(" ", "T") : `${text.replace(" ", "T")}Z`);
  // The 30th of February would be the 2nd of March.
  const day = new Date(Date.parse(text.slice(0, 10)));
  const isRealDay = Number.isFinite(ms) && day.toISOString().startsWith(text.slice(0, 10));
  return isRealDay ? new Date(ms).toISOString() : undefined;
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // Nested deeper than the stack.
    return undefined;
  }
}
