/** What is pushed over HTTP, from bodies and queries to the engine's input. Payloads keep their bytes. */
import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { ZamError } from "../../core/errors/zam-error.ts";
import { laneAddressee } from "../../core/event.ts";
import type { PushInput, TokenRow } from "../../engine/index.ts";
import { forbidden } from "../http/access.ts";
import { memberText, slicesOf } from "./json-slices.ts";

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
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ZamError("Z604", { problem: reason.replace(/\s+/g, " ").slice(0, 160) });
  }
}

export interface BatchInput {
  readonly event: BatchEvent;
  /** The event's own text, from which its payload is cut. */
  readonly text: string;
}

/** The events of `{"events": [...]}`, which has been validated. */
export function eventsOfJson(text: string): readonly BatchInput[] {
  const list = memberText(text, "events") ?? "[]";
  return [...slicesOf(list)].map((slice) => ({
    text: slice.text,
    event: JSON.parse(slice.text) as BatchEvent,
  }));
}

/** The events of NDJSON, one an object a line; empty lines are left out. @throws ZamError Z418, Z604 */
export function eventsOfLines(text: string): readonly BatchInput[] {
  const found: BatchInput[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    if (found.length === batchEventsMax)
      throw new ZamError("Z418", { problem: `more than ${batchEventsMax} events` });
    let event: unknown;
    try {
      event = JSON.parse(line);
    } catch {
      throw new ZamError("Z604", { problem: `line ${index + 1} is no JSON` });
    }
    found.push({ text: line, event: event as BatchEvent });
  }
  return found;
}

/** @throws ZamError Z418, Z601 */
export function payloadOf({ event, text }: BatchInput): Uint8Array {
  const { payloadBase64 } = event;
  if (payloadBase64 !== undefined) {
    if (event.payload !== undefined)
      throw new ZamError("Z418", { problem: "payload and payloadBase64 exclude one another" });
    return base64ToBytes(payloadBase64);
  }
  const payload = memberText(text, "payload");
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
