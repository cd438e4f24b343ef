/** What is pushed over HTTP, from bodies and queries to the engine's input. Payloads keep their bytes. */
import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { isJson, largeJsonCharacters } from "../../command/json-text.ts";
import { ZamError } from "../../core/errors/zam-error.ts";
import { laneAddressee } from "../../core/event.ts";
import type { PushInput, TokenRow } from "../../engine/index.ts";
import { forbidden } from "../http/access.ts";
import { slicesOf } from "./json-slices.ts";

/** Of one request. */
export const batchEventsMax = 10_000;

/** Where an event goes; `to` and `urgent` are ways to say a lane. */
export interface Place {
  readonly type?: number;
  readonly lane?: string;
  readonly to?: string;
  readonly urgent?: boolean;
}

export interface BatchEvent extends Place {
  readonly id?: string;
  readonly payload?: unknown;
  readonly payloadBase64?: string;
}

/** @throws ZamError Z332, Z418 */
export function toPush(
  place: Place,
  content: { readonly payload: Uint8Array; readonly id: string | undefined },
  principal: TokenRow,
): PushInput {
  const lane = laneOf(place);
  const addressee = laneAddressee(lane);
  const { nodes } = principal;
  if (nodes.length > 0 && (addressee === undefined || !nodes.includes(addressee)))
    throw forbidden(nodes);
  const { payload, id } = content;
  return { payload, lane, type: place.type ?? 0, ...(id === undefined ? {} : { id }) };
}

function laneOf({ lane, to, urgent }: Place): string {
  if (lane !== undefined) {
    if (to === undefined && urgent !== true) return lane;
    throw new ZamError("Z418", { problem: "lane excludes to and urgent" });
  }
  if (to === undefined) return urgent === true ? "urgent" : "";
  return urgent === true ? `to/${to}/urgent` : `to/${to}`;
}

/** The text of a body that must be JSON. @throws ZamError Z604 */
export function jsonText(body: Buffer): string {
  if (!isUtf8(body)) throw new ZamError("Z604", { problem: "it is not UTF-8" });
  return body.toString("utf8");
}

/** @throws ZamError Z604, with what JSON.parse says in one short line */
export function requireJson(text: string): void {
  if (isJson(text)) return;
  throw new ZamError("Z604", { problem: reasonOf(text).replace(/\s+/g, " ").slice(0, 160) });
}

function reasonOf(text: string): string {
  if (text.length > largeJsonCharacters) return "its syntax is wrong";
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export interface BatchInput {
  /** Where a payload stands it is null. */
  readonly event: BatchEvent;
  /** The payload's own text, of which no values are made. */
  readonly payload: string | undefined;
}

export interface Batch {
  /** What is validated. */
  readonly body: unknown;
  readonly inputs: readonly BatchInput[];
}

/** Of `{"events": [...]}`. @throws ZamError Z604 */
export function batchOfJson(text: string): Batch {
  requireJson(text);
  let inputs: BatchInput[] = [];
  const body = shallow(text.trim(), (key, value) => {
    if (key !== "events" || !value.startsWith("[")) return smallValue(value);
    inputs = [];
    for (const slice of slicesOf(value)) {
      inputs.push(toInput(slice.text));
      // One more than there may be says enough.
      if (inputs.length > batchEventsMax) break;
    }
    return inputs.map(({ event }) => event);
  });
  return { body, inputs };
}

/** Of NDJSON, one an object a line; empty lines are left out. @throws ZamError Z604 */
export function batchOfLines(text: string): Batch {
  const inputs: BatchInput[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    if (!isJson(line)) throw new ZamError("Z604", { problem: `line ${index + 1} is no JSON` });
    inputs.push(toInput(line.trim()));
    if (inputs.length > batchEventsMax) break;
  }
  return { body: { events: inputs.map(({ event }) => event) }, inputs };
}

function toInput(text: string): BatchInput {
  let payload: string | undefined;
  const event = shallow(text, (key, value) => {
    if (key !== "payload") return smallValue(value);
    payload = value;
    return null;
  });
  return { event: event as BatchEvent, payload };
}

/** An object of what `toValue` makes of each member; the schema refuses what is none. */
function shallow(text: string, toValue: (key: string, value: string) => unknown): unknown {
  if (!text.startsWith("{")) return smallValue(text);
  return Object.fromEntries(
    Array.from(slicesOf(text), (slice) => [slice.key, toValue(slice.key, slice.text)]),
  );
}

/** Nothing that a request may name is large and has parts. */
function smallValue(text: string): unknown {
  return text.length > largeJsonCharacters && /^[[{]/.test(text) ? null : JSON.parse(text);
}

/** @throws ZamError Z418 */
export function payloadOf({ event, payload }: BatchInput): Uint8Array {
  const { payloadBase64 } = event;
  if (payloadBase64 !== undefined) {
    if (payload !== undefined)
      throw new ZamError("Z418", { problem: "payload and payloadBase64 exclude one another" });
    return base64ToBytes(payloadBase64);
  }
  if (payload === undefined)
    throw new ZamError("Z418", { problem: "an event has neither payload nor payloadBase64" });
  return Buffer.from(payload, "utf8");
}

/** Its alphabet is in the schema. @throws ZamError Z418 for one that was cut, or padded wrongly */
function base64ToBytes(text: string): Uint8Array {
  const digits = text.replace(/=+$/, "").length;
  const isPadded = digits < text.length;
  if (digits % 4 === 1 || (isPadded && text.length % 4 !== 0))
    throw new ZamError("Z418", {
      problem: "payloadBase64 is no base64: it was cut, or is padded wrongly",
    });
  return Buffer.from(text, "base64");
}

/**
 * The engine's id of each event of a request. A key counts for the whole request, so
 * that a repeat of it, whole or in part, is the same events.
 */
export function idAt(key: string | undefined, index: number): string | undefined {
  return key === undefined ? undefined : `${key}#${index}`;
}

/**
 * The value of an `Idempotency-Key` header, with or without the quotes of a structured field.
 *
 * One that is not ASCII is sent as UTF-8 by some and as Latin-1 by others: it would be another key
 * at the repeat. @throws ZamError Z418, Z608
 */
export function idempotencyKey(
  request: Pick<IncomingMessage, "headersDistinct">,
): string | undefined {
  const [text, ...more] = request.headersDistinct["idempotency-key"] ?? [];
  if (text === undefined) return undefined;
  if (more.length > 0)
    throw new ZamError("Z418", { problem: "it has more than one Idempotency-Key" });
  const key = /^"(.*)"$/.exec(text)?.[1] ?? text;
  if (key === "" || key.length > keyCharactersMax)
    throw new ZamError("Z608", { maxCharacters: keyCharactersMax });
  if (!/^[\x20-\x7e]*$/.test(key))
    throw new ZamError("Z418", {
      problem: "its Idempotency-Key is not ASCII; an event's id in a batch may be",
    });
  return key;
}

/** Leaves room in the engine's 1,024 for the event's number. */
const keyCharactersMax = 1000;
