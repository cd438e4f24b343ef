/** `torture`: what was done to the nodes, and what it found. */
import type { FaultKind, TortureReport } from "../torture/report.ts";
import { counted, elapsedToText, grouped, printable, type View } from "./text.ts";

const faultNames: Readonly<Record<FaultKind, string>> = {
  killClinic: "kill -9 of the clinic",
  killHub: "kill -9 of the hub",
  killBoth: "kill -9 of both",
  flipClinic: "bits flipped at the clinic",
  flipHub: "bits flipped at the hub",
  fullClinic: "full disk at the clinic",
  fullHub: "full disk at the hub",
};

function hitsToText(kind: FaultKind, hits: number): string {
  if (kind.startsWith("kill")) return `${counted(hits, "process", "processes")} killed in hand`;
  return kind.startsWith("flip") ? counted(hits, "bit") : counted(hits, "refusal");
}

const endings: Readonly<Record<TortureReport["endedBy"], string>> = {
  time: "",
  rounds: "",
  interrupt: ", interrupted",
  space: ", stopped because the disk gets low",
  problem: ", stopped by a problem",
};

export function tortureProgressToText(report: TortureReport): string {
  const { rounds, durationMs, events } = report;
  return `${counted(rounds, "round")}, ${counted(events.acked, "event")} acknowledged and there, ${elapsedToText(durationMs)}`;
}

export function tortureToText(report: TortureReport, view: View): string {
  const { style } = view;
  const { events, fsync, problems } = report;
  const lines = [
    `${style.bold("Torture:")}    ${counted(report.rounds, "round")} in ${elapsedToText(report.durationMs)}${endings[report.endedBy]}  ${style.dim(`(seed ${report.seed})`)}`,
    `${style.bold("Events:")}     ${grouped(events.acked)} acknowledged, ${grouped(events.healed)} damaged and fetched back`,
    `${style.bold("fdatasync:")}  p50 ${fsync.p50Ms} ms, p99 ${fsync.p99Ms} ms, most ${fsync.maxMs} ms (${grouped(fsync.count)})`,
  ];
  for (const [name, { rounds, hits }] of Object.entries(report.faults)) {
    const kind = name as FaultKind;
    lines.push(`  ${faultNames[kind]}: ${counted(rounds, "round")}, ${hitsToText(kind, hits)}`);
  }
  for (const text of report.notExercised) lines.push(style.dim(`  not exercised: ${text}`));
  for (const { code, message, hint, round } of problems) {
    lines.push(`${style.red(code)} in round ${round}: ${printable(message)}`, `  ${hint}`);
  }
  lines.push(verdict(report, view));
  return lines.join("\n");
}

function verdict(report: TortureReport, { style }: View): string {
  if (report.evidence !== null) return style.red(`kept for a closer look: ${report.evidence}`);
  if (report.rounds === 0) return style.yellow("nothing was tried yet");
  return style.green("everything acknowledged is there, and the scratch folder is gone");
}
