/**
 * The local socket's JSON: payloads as base64, everything else as it is in
 * `NodeApi`. Requests come from processes of the same user, and are checked all
 * the same.
 */
import { ZamError } from "../core/errors/zam-error.ts";
import type { ArrivalBatch, ArrivedEvent, PulledEvent, PushInput } from "./api.ts";

type Fields = Readonly<Record<string, unknown>>;

function malformed(problem: string): ZamError {
  return new ZamError("Z101", {
    problem: `a request over the socket cannot be read: ${problem}`,
    suggestion: "use the same version of zamsync on both sides",
  });
}

/** @throws ZamError Z101 */
export function asFields(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw malformed("it is no object");
  return value as Fields;
}

function optional<T>(
  fields: Fields,
  name: string,
  check: (value: unknown) => value is T,
): T | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (!check(value)) throw malformed(`'${name}' has another type`);
  return value;
}

const isText = (value: unknown): value is string => typeof value === "string";
const isCount = (value: unknown): value is number => Number.isSafeInteger(value);
const isFlag = (value: unknown): value is boolean => typeof value === "boolean";

const isTextList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every(isText);

export function textField(fields: Fields, name: string): string | undefined {
  return optional(fields, name, isText);
}

export function countField(fields: Fields, name: string): number | undefined {
  return optional(fields, name, isCount);
}

export function flagField(fields: Fields, name: string): boolean | undefined {
  return optional(fields, name, isFlag);
}

/** Empty when it is absent. */
export function listField(fields: Fields, name: string): readonly string[] {
  return optional(fields, name, isTextList) ?? [];
}

/** Only the fields that are set, so that "absent" stays absent. */
export function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

export function encodePushInput(event: PushInput): Fields {
  const { payload, ...rest } = event;
  return { ...rest, payload: Buffer.from(payload).toString("base64") };
}

/** @throws ZamError Z101 */
export function decodePushInputs(value: unknown): readonly PushInput[] {
  if (!Array.isArray(value)) throw malformed("'events' is no list");
  return value.map((item) => {
    const fields = asFields(item);
    const payload = textField(fields, "payload");
    if (payload === undefined) throw malformed("an event has no payload");
    return {
      payload: Buffer.from(payload, "base64"),
      ...present({
        type: countField(fields, "type"),
        lane: textField(fields, "lane"),
        id: textField(fields, "id"),
      }),
    } as PushInput;
  });
}

export function encodePulledEvent(event: PulledEvent): Fields {
  return { ...event, payload: Buffer.from(event.payload).toString("base64") };
}

export function decodePulledEvent(value: unknown): PulledEvent {
  const fields = asFields(value);
  return {
    ...(fields as unknown as PulledEvent),
    payload: Buffer.from(textField(fields, "payload") ?? "", "base64"),
  };
}

export function encodeArrivalBatch(batch: ArrivalBatch): Fields {
  const events = batch.events.map((event) => ({
    ...event,
    payload: Buffer.from(event.payload).toString("base64"),
  }));
  return { ...batch, events };
}

export function decodeArrivalBatch(value: unknown): ArrivalBatch {
  const fields = asFields(value);
  const events = (fields.events as readonly Fields[]).map((event) => ({
    ...(event as unknown as ArrivedEvent),
    payload: Buffer.from(textField(event, "payload") ?? "", "base64"),
  }));
  return { ...(fields as unknown as ArrivalBatch), events };
}
