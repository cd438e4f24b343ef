/** Numbers and times in the words of the page. English, because the codes and the manual are. */
import { counted } from "../../../core/counted.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** "2 minutes ago"; a moment that is less than half a minute away is "just now". */
export function ago(ms: number): string {
  if (ms < 30_000) return "just now";
  return `${span(ms)} ago`;
}

/** "2 minutes", "3 hours", "12 days": one unit. */
export function span(ms: number): string {
  if (ms < minute) return counted(Math.max(1, Math.round(ms / 1000)), "second");
  if (ms < 100 * minute) return counted(Math.round(ms / minute), "minute");
  if (ms < 48 * hour) return counted(Math.round(ms / hour), "hour");
  return counted(Math.round(ms / day), "day");
}

/** "840 ms", "2.4 s", "3 min 5 s" */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${ms < 10_000 ? (ms / 1000).toFixed(1) : seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** 1024-based, as on the command line: "512 B", "3.4 KB", "12 MB" */
export function bytes(count: number): string {
  if (count < 1000) return `${Math.round(count)} B`;
  let value = count;
  let unit = "B";
  for (const next of ["KB", "MB", "GB", "TB"]) {
    if (Math.round(value) < 1000) break;
    value /= 1024;
    unit = next;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** Local time of whoever looks: "14:05" */
export function clock(ms: number): string {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** "2026-03-01 14:05", local */
export function moment(ms: number): string {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(ms)}`;
}

/** A sentence of the hub's, whose times are UTC, in the time of whoever looks, as all others on the page are. */
export function inLocalTime(text: string): string {
  return text.replace(/(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC/g, (_, day: string, time: string) =>
    moment(Date.parse(`${day}T${time}:00Z`)),
  );
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "3 Mar", local */
export function date(ms: number): string {
  const at = new Date(ms);
  return `${at.getDate()} ${months[at.getMonth()] || ""}`;
}

/** "3 hours behind", "right" */
export function clockText(differenceMs: number | null): string {
  if (differenceMs === null) return "not known";
  if (Math.abs(differenceMs) < 30_000) return "right";
  return `${span(Math.abs(differenceMs))} ${differenceMs < 0 ? "behind" : "ahead"}`;
}
