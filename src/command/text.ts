/** Building blocks of readable output: plain functions from values to text. */
import { counted, grouped } from "../core/counted.ts";

export { counted, grouped };

/** Paints text for a terminal; `plainStyler` leaves it as it is. */
export interface Styler {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly green: (text: string) => string;
  readonly cyan: (text: string) => string;
}

const same = (text: string): string => text;

export const plainStyler: Styler = {
  bold: same,
  dim: same,
  red: same,
  yellow: same,
  green: same,
  cyan: same,
};

/** What a renderer may know of where its text goes. */
export interface View {
  readonly style: Styler;
  readonly nowMs: number;
  /** Characters a line, or undefined where lines may be of any length (a file, a pipe). */
  readonly columns?: number;
  readonly isVerbose: boolean;
}

/** Control characters would let a payload or a peer's text act on the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    if (character === "\r") return "\\r";
    return "\ufffd";
  });
}

/** Cut to `columns` characters, with an ellipsis when something is left out. */
export function fit(text: string, columns: number): string {
  if (text.length <= columns) return text;
  return columns <= 1 ? text.slice(0, Math.max(0, columns)) : `${text.slice(0, columns - 1)}…`;
}

/** "812 bytes", "4.2 KB", "124 KB", "1.5 GB"; 1024-based. */
export function bytesToText(bytes: number): string {
  if (bytes < 1024) return counted(bytes, "byte");
  let value = bytes;
  let unit = "";
  for (const next of ["KB", "MB", "GB", "TB"]) {
    if (unit !== "" && value < 1023.5) break;
    value /= 1024;
    unit = next;
  }
  const rounded = value < 9.95 ? value.toFixed(1).replace(/\.0$/, "") : String(Math.round(value));
  return `${rounded} ${unit}`;
}

/** "340 ms", "1.2 s", "2m 05s", "3h 20m", "4d 2h" */
export function elapsedToText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** "2 minutes ago"; a time ahead of the clock is shown as it is. */
export function agoToText(iso: string, nowMs: number): string {
  const seconds = Math.round((nowMs - Date.parse(iso)) / 1000);
  if (!Number.isFinite(seconds) || seconds < -60) return `at ${iso}`;
  if (seconds < 5) return "just now";
  const steps: readonly (readonly [number, string])[] = [
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
  ];
  for (const [scale, name] of steps) {
    if (seconds >= scale) return `${counted(Math.floor(seconds / scale), name)} ago`;
  }
  return "just now";
}

/** node, or node/lane: streams as a person reads them. */
export function streamToText(stream: { readonly node: string; readonly lane: string }): string {
  return stream.lane === "" ? stream.node : `${stream.node}/${stream.lane}`;
}

export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
}

/** Columns padded to their widest cell; the last one is not padded. */
export function tableToText(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: Styler,
): string {
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...rows.map((row) => (row[at] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, at) => {
        const cell = cells[at] ?? "";
        if (column.isNumber === true) return cell.padStart(widths[at] ?? 0);
        return at === columns.length - 1 ? cell : cell.padEnd(widths[at] ?? 0);
      })
      .join("  ");
  const head = style.bold(line(columns.map((column) => column.title)).trimEnd());
  return [head, ...rows.map((row) => line(row).trimEnd())].join("\n");
}

/** Words wrapped at `columns`, each line after the first indented. */
export function wrapped(text: string, columns: number, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.join(`\n${indent}`);
}
