/**
 * `push`, `pull` and `audit`. A JSON payload is embedded as the text it is
 * stored as: parsing it and printing it again would change large numbers.
 */
import { bytesToHex } from "../core/bytes.ts";
import type { AuditRow, PulledEvent, PushResult, VerifyReport } from "../engine/api.ts";
import { isJson } from "./json-text.ts";
import { counted, fit, grouped, printable, streamToText, type View } from "./text.ts";

/** What the host does better with bytes than plain JavaScript. */
export interface PayloadText {
  /** The text, or undefined when the bytes are not UTF-8. A byte order mark is kept. */
  readonly decode: (bytes: Uint8Array) => string | undefined;
  readonly base64: (bytes: Uint8Array) => string;
}

/** Of `push --stdin`, also when it stopped early. */
export interface StreamPushSummary {
  readonly node: string;
  readonly epoch: string;
  readonly lane: string;
  /** Lines that are durable now. */
  readonly count: number;
  /** Of `count`, those whose id had been pushed before. */
  readonly repeats: number;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
  readonly complete: boolean;
}

export function pushToText(result: PushResult, view: View): string {
  const repeat = result.isRepeat ? "  (stored before under this id)" : "";
  return `${view.style.green("stored")} ${streamToText(result)} seq ${result.seq}  hlc ${result.hlc}  epoch ${result.epoch}${repeat}`;
}

export function pushToJson(result: PushResult): object {
  const { node, epoch, lane, seq, hlc, isRepeat } = result;
  return { node, epoch, lane, seq, hlc, repeat: isRepeat };
}

export function streamPushToText(summary: StreamPushSummary, view: View): string {
  const verb = summary.complete ? view.style.green("stored") : view.style.yellow("stored only");
  if (summary.count === 0) return `${verb} 0 events`;
  const repeats =
    summary.repeats === 0 ? "" : `, ${grouped(summary.repeats)} of them stored before`;
  return `${verb} ${counted(summary.count, "event")} in ${streamToText(summary)}, seq ${summary.firstSeq} to ${summary.lastSeq}${repeats}`;
}

export function streamPushToJson(summary: StreamPushSummary): object {
  return { ...summary };
}

/** The payload as JSON text on one line, or undefined when it is not JSON. */
export function payloadToJson(payload: Uint8Array, text: PayloadText): string | undefined {
  const raw = text.decode(payload);
  if (raw === undefined || !isJson(raw)) return undefined;
  // In valid JSON a raw line break stands only between tokens.
  return /[\r\n]/.test(raw) ? raw.replace(/[\r\n]+/g, " ") : raw;
}

/** One line of NDJSON, without its line break. */
export function pulledToJson(event: PulledEvent, text: PayloadText): string {
  const { cursor, node, epoch, lane, seq, hlc, ts, type } = event;
  const head = JSON.stringify({ cursor, node, epoch, lane, seq, hlc, ts, type });
  const json = payloadToJson(event.payload, text);
  const payload =
    json === undefined
      ? `"payloadBase64":${JSON.stringify(text.base64(event.payload))}`
      : `"payload":${json}`;
  return `${head.slice(0, -1)},${payload}}`;
}

export function pulledToText(event: PulledEvent, view: View, text: PayloadText): string {
  const head = `${event.ts}  ${streamToText(event)} ${event.seq}  `;
  const type = event.type === 0 ? "" : `type ${event.type}  `;
  const decoded = text.decode(event.payload);
  const isText = decoded !== undefined && !decoded.includes("\0");
  const payload = isText
    ? printable(decoded)
    : `(${counted(event.payload.length, "byte")}, not text)`;
  const room = view.columns === undefined ? undefined : view.columns - head.length - type.length;
  const shown = room === undefined || view.isVerbose ? payload : fit(payload, Math.max(20, room));
  return `${view.style.dim(event.ts)}  ${view.style.cyan(streamToText(event))} ${event.seq}  ${type}${shown}`;
}

export function auditToJson(row: AuditRow): string {
  const { ts, hlc, node, epoch, lane, seq, type, size, sha256, chain, received } = row;
  const { quarantined } = row;
  return JSON.stringify({
    ...{ ts, hlc, node, epoch, lane, seq, type, size, sha256, chain, received },
    ...(quarantined === undefined ? {} : { quarantined }),
  });
}

/** Rows arrive one by one, so the columns have fixed widths that fit nearly everything. */
export const auditHeading = `${"TIME".padEnd(24)}  ${"NODE".padEnd(16)}  ${"SEQ".padStart(8)}  ${"TYPE".padStart(4)}  ${"SIZE".padStart(8)}  SHA-256`;

export function auditToText(row: AuditRow, view: View): string {
  const cells = [
    row.ts.padEnd(24),
    streamToText(row).padEnd(16),
    String(row.seq).padStart(8),
    String(row.type).padStart(4),
    String(row.size).padStart(8),
    row.sha256,
    ...(row.quarantined === undefined ? [] : [`quarantined: ${printable(row.quarantined)}`]),
  ];
  const line = cells.join("  ");
  return view.columns === undefined || view.isVerbose ? line : fit(line, view.columns);
}

const csvFields = [
  "ts",
  "hlc",
  "node",
  "epoch",
  "lane",
  "seq",
  "type",
  "size",
  "sha256",
  "chain",
  "received",
  "quarantined",
] as const;

/** RFC 4180: lines end with CRLF, which the caller need not add. */
export const auditCsvHeading = `${csvFields.join(",")}\r\n`;

export function auditToCsv(row: AuditRow): string {
  return `${csvFields.map((field) => csvCell(String(row[field] ?? ""))).join(",")}\r\n`;
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

export function verifyToText(report: VerifyReport, view: View): string {
  const { style } = view;
  if (report.problems.length === 0) {
    return `${style.green("ok")}  ${counted(report.checked, "record")} checked: CRC, seal and chain fit`;
  }
  const lines = report.problems.map((found) => {
    const what =
      found.node === undefined
        ? ""
        : ` (${found.node}${found.seq === undefined ? "" : ` seq ${found.seq}`})`;
    return style.red(`${found.path}, byte ${found.offset}: ${printable(found.problem)}${what}`);
  });
  lines.push(
    `${counted(report.problems.length, "problem")} in ${counted(report.checked, "record")}`,
  );
  return lines.join("\n");
}

/** For hosts without a base64 of their own. */
export function bytesToBase64(bytes: Uint8Array): string {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const group = Number.parseInt(bytesToHex(bytes.subarray(at, at + 3)).padEnd(6, "0"), 16);
    const left = Math.min(4, bytes.length - at + 1);
    for (let digit = 0; digit < 4; digit++) {
      text += digit < left ? digits.charAt((group >> (18 - digit * 6)) & 63) : "=";
    }
  }
  return text;
}
