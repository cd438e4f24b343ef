/**
 * Values as typed on the command line. Total: any text gives a value or the
 * nearest spelling that would have been one. Nothing is guessed: `2MB` is
 * refused, and `2M` offered.
 */
import { parseDailyWindow } from "../core/clock/daily-window.ts";
import { isLane, isNodeId } from "../core/event.ts";
import type { FlagSpec } from "./flag.ts";
import { nearest } from "../core/nearest.ts";

export type FlagValue = string | number | boolean;

export type ValueResult =
  | { readonly ok: true; readonly value: FlagValue }
  | { readonly ok: false; readonly suggestion: string; readonly nearest?: string };

/** Used where an address has no port. */
const defaultPort = 7700;

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const unitBytes: Readonly<Record<string, number>> = {
  "": 1,
  K: 1024,
  M: 1024 * 1024,
  G: 1024 * 1024 * 1024,
};

export function parseValue(spec: FlagSpec, text: string): ValueResult {
  switch (spec.kind) {
    case "boolean":
      return { ok: false, suggestion: "leave the value out" };
    case "text":
    case "path":
      return nonEmpty(text);
    case "integer":
      return parseInteger(spec, text);
    case "rate":
      return parseRate(text);
    case "size":
      return parseSize(spec, text);
    case "duration":
      return parseDuration(spec, text);
    case "choice":
      return parseChoice(spec.choices ?? [], text);
    case "address":
      return parseAddress(text, 1);
    case "bind":
      return parseAddress(text, 0);
    case "time":
      return parseTime(text);
    case "window":
      return parseWindow(text);
    case "nodeId":
      return parseNodeId(text);
    case "nodeIds":
      return parseList(text, parseNodeId);
    case "hostNames":
      return parseList(text, parseHostName);
    case "choices":
      return parseChoices(spec.choices ?? [], text);
    case "lane":
      return isLane(text) && text.length > 0
        ? { ok: true, value: text }
        : {
            ok: false,
            suggestion:
              "use at most 80 of a-z 0-9 . _ / -, and to/ only as to/NODE or to/NODE/urgent",
          };
    case "pointer":
      return parsePointer(text);
  }
}

function refused(suggestion: string, near?: string): ValueResult {
  return near === undefined ? { ok: false, suggestion } : { ok: false, suggestion, nearest: near };
}

function didYouMean(near: string): string {
  return `did you mean ${near}?`;
}

function nonEmpty(text: string): ValueResult {
  if (text.length === 0) return refused("write a value");
  return text.includes("\0") ? refused("leave the zero byte out") : { ok: true, value: text };
}

/** Undefined when in range. */
function rangeRefusal(
  spec: FlagSpec,
  value: number,
  unit: (n: number) => string,
): ValueResult | undefined {
  const min = spec.min ?? 0;
  const max = spec.max ?? Number.MAX_SAFE_INTEGER;
  if (value < min) return refused(`the least is ${unit(min)}`, unit(min));
  if (value > max) return refused(`the most is ${unit(max)}`, unit(max));
  return undefined;
}

function parseInteger(spec: FlagSpec, text: string): ValueResult {
  const value = Number(text);
  if (!/^\d{1,15}$/.test(text)) {
    const digits = /^\+?(\d{1,15})(?:\D|$)/.exec(text.replace(/[,_ ](?=\d{3})/g, ""))?.[1];
    const near = digits === undefined ? undefined : String(Number(digits));
    return refused(`write a whole number, such as ${near ?? String(spec.min ?? 1)}`, near);
  }
  return rangeRefusal(spec, value, String) ?? { ok: true, value };
}

function parseRate(text: string): ValueResult {
  return /^\d{1,9}$/.test(text) && Number(text) > 0
    ? { ok: true, value: Number(text) }
    : refused(
        "write kilobits per second as a bare number, such as 64",
        /^(\d{1,9})/.exec(text)?.[1],
      );
}

/** The shortest exact spelling of a size. */
function sizeToText(bytes: number): string {
  for (const unit of ["G", "M", "K"]) {
    const scale = unitBytes[unit] ?? 1;
    if (bytes >= scale && bytes % scale === 0) return `${bytes / scale}${unit}`;
  }
  return String(bytes);
}

function parseSize(spec: FlagSpec, text: string): ValueResult {
  const found = /^(\d{1,15})([KMG]?)$/.exec(text);
  const value = Number(found?.[1]) * (unitBytes[found?.[2] ?? ""] ?? 1);
  if (found === null || !Number.isSafeInteger(value)) {
    const loose = /^(\d{1,9})(?:\.\d+)?\s*([kmg]?)/i.exec(text);
    const near = loose === null ? undefined : `${loose[1]}${(loose[2] ?? "").toUpperCase()}`;
    return refused(
      near === undefined
        ? "write a size such as 512K, 2M, 1G, or bytes"
        : `${didYouMean(near)} sizes are 512K, 2M, 1G, or bytes`,
      near,
    );
  }
  return rangeRefusal(spec, value, sizeToText) ?? { ok: true, value };
}

/** The shortest exact spelling of a duration in milliseconds. */
function durationToText(ms: number): string {
  for (const unit of ["d", "h", "m"]) {
    const scale = unitMs[unit] ?? 1;
    if (ms >= scale && ms % scale === 0) return `${ms / scale}${unit}`;
  }
  return `${Math.round(ms / 1000)}s`;
}

function parseDuration(spec: FlagSpec, text: string): ValueResult {
  const found = /^(\d{1,9})([smhd])$/.exec(text);
  if (found === null) {
    const loose = /^(\d{1,9})\s*([smhd]?)/i.exec(text);
    if (loose === null) return refused("write a duration such as 30s, 15m, 12h or 90d");
    const unit = (loose[2] ?? "").toLowerCase();
    if (unit === "")
      return refused(
        `say which: ${loose[1]}s, ${loose[1]}m, ${loose[1]}h or ${loose[1]}d`,
        `${loose[1]}s`,
      );
    return refused(
      `${didYouMean(loose[1] + unit)} durations are 30s, 15m, 12h or 90d`,
      loose[1] + unit,
    );
  }
  const value = Number(found[1]) * (unitMs[found[2] ?? ""] ?? 0);
  return rangeRefusal(spec, value, durationToText) ?? { ok: true, value };
}

function parseChoice(choices: readonly string[], text: string): ValueResult {
  if (choices.includes(text)) return { ok: true, value: text };
  const near = nearest(text, choices);
  const all = `it takes ${choices.join(" or ")}`;
  return near === undefined ? refused(all) : refused(`${didYouMean(near)} ${all}`, near);
}

/** Each part must be good by itself, and stands in the value once. */
function parseList(text: string, parsePart: (part: string) => ValueResult): ValueResult {
  const parts = text.split(",").map((part) => part.trim());
  for (const part of parts) {
    const result = parsePart(part);
    if (!result.ok) return refused(result.suggestion);
  }
  return { ok: true, value: [...new Set(parts)].join(",") };
}

function parseChoices(choices: readonly string[], text: string): ValueResult {
  const result = parseList(text, (part) => parseChoice(choices, part));
  if (!result.ok) return result;
  const chosen = String(result.value).split(",");
  return { ok: true, value: choices.filter((choice) => chosen.includes(choice)).join(",") };
}

function parseHostName(text: string): ValueResult {
  return hostPattern.test(text)
    ? { ok: true, value: text }
    : refused("write names such as hub.example.org, without scheme and port");
}

/** A host name, an IPv4 address, or an IPv6 address with an optional zone. */
const hostPattern = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,252})$/;
const v6Pattern = /^[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9._-]{1,32})?$/;

function parseAddress(text: string, portMin: number): ValueResult {
  const help = `write HOST, HOST:PORT or [V6]:PORT, such as 192.168.1.10:${defaultPort}`;
  const scheme = /^[a-z]+:\/\/([^/]+)/i.exec(text)?.[1];
  if (scheme !== undefined) return refused(didYouMean(scheme), scheme);
  if (/^:?\d{1,5}$/.test(text)) {
    const near = `0.0.0.0:${text.replace(":", "")}`;
    return portMin === 0 ? refused(didYouMean(near), near) : refused(help);
  }
  const bracketed = /^\[([^\]]*)\](?::(\d{1,5}))?$/.exec(text);
  const isBareV6 = v6Pattern.test(text) && text.split(":").length > 2;
  const plain = /^([^:]*)(?::(\d{1,5}))?$/.exec(text);
  const host = isBareV6 ? text : (bracketed?.[1] ?? plain?.[1] ?? "");
  const portText = isBareV6 ? undefined : (bracketed?.[2] ?? plain?.[2]);
  const isV6 = isBareV6 || bracketed !== null;
  if (!(isV6 ? v6Pattern : hostPattern).test(host)) return refused(help);
  const port = portText === undefined ? defaultPort : Number(portText);
  if (port < portMin || port > 65_535) return refused(`ports go from ${portMin} to 65535`);
  return { ok: true, value: `${isV6 ? `[${host}]` : host}:${port}` };
}

function parseTime(text: string): ValueResult {
  const help = "write a time such as 2026-03-01 or 2026-03-01T14:30:00Z";
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text))
    return refused(help);
  // Without a zone a time is UTC, as everything that zamsync prints.
  const hasZone = /(Z|[+-]\d\d:\d\d)$/.test(text) && text.includes("T");
  const ms = Date.parse(hasZone || !text.includes("T") ? text : `${text}Z`);
  const isRealDay =
    Number.isFinite(ms) &&
    new Date(Date.parse(text.slice(0, 10))).toISOString().startsWith(text.slice(0, 10));
  return isRealDay ? { ok: true, value: new Date(ms).toISOString() } : refused(help);
}

function parseWindow(text: string): ValueResult {
  if (parseDailyWindow(text) !== undefined) return { ok: true, value: text };
  const help = "write a span of the day such as 22:00-05:00";
  const loose = /^(\d{1,2})(?:[:.h](\d\d))?\s*(?:-|\u2013|to)\s*(\d{1,2})(?:[:.h](\d\d))?$/.exec(
    text,
  );
  if (loose === null) return refused(help);
  const time = (hour = "", rest = "00"): string => `${hour.padStart(2, "0")}:${rest}`;
  const near = `${time(loose[1], loose[2])}-${time(loose[3], loose[4])}`;
  return parseDailyWindow(near) === undefined ? refused(help) : refused(didYouMean(near), near);
}

/** The nearest legal node id, or undefined when nothing of the text can be kept. */
export function nearestNodeId(text: string): string | undefined {
  const id = text
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "")
    .replace(/-+$/, "")
    .slice(0, 63);
  return isNodeId(id) ? id : undefined;
}

function parseNodeId(text: string): ValueResult {
  if (isNodeId(text)) return { ok: true, value: text };
  const near = nearestNodeId(text);
  const rule = "ids are 1 to 63 of a-z 0-9 . _ -, beginning with a letter or digit";
  return near === undefined ? refused(rule) : refused(`${didYouMean(near)} ${rule}`, near);
}

function parsePointer(text: string): ValueResult {
  if (/^(\/([^~/]|~[01])*)+$/.test(text)) return { ok: true, value: text };
  const near = /^[A-Za-z0-9_.-]+$/.test(text) ? `/${text.replace(/\./g, "/")}` : undefined;
  return refused(
    near === undefined ? "write a JSON pointer such as /id (RFC 6901)" : didYouMean(near),
    near,
  );
}
