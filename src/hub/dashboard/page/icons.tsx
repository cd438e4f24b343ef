/** Signs: each has a shape of its own, so that colour only repeats what the shape says. */
import type { ClinicRow, ClinicState, Level } from "../../overview/overview-types.ts";

export type Sign = Level | "ok" | "off";

const shapes: Record<Sign, string> = {
  // A triangle, a diamond, a circle with an i, a tick, a dash.
  urgent: "M8 1.5 15 14H1z M8 6v4 M8 11.8v.4",
  soon: "M8 1.2 14.8 8 8 14.8 1.2 8z M8 4.8v4 M8 10.8v.4",
  note: "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z M8 7.2v4.2 M8 4.4v.4",
  ok: "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z M5 8.2l2.2 2.2L11.2 6",
  off: "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z M5 8h6",
};

export const levelWords: Record<Level, string> = {
  urgent: "Act now",
  soon: "This week",
  note: "Good to know",
};

export const stateWords: Record<ClinicState, string> = {
  syncing: "Syncing",
  live: "Connected",
  away: "Not connected",
  quiet: "Quiet",
  never: "Never seen",
  revoked: "Revoked",
};

export function Icon({ sign }: { sign: Sign }) {
  return (
    <svg class={`icon ${sign}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={shapes[sign]} />
    </svg>
  );
}

export function signOf(row: ClinicRow): Sign {
  if (row.state === "revoked") return "off";
  return row.level || "ok";
}
