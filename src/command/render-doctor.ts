/** `doctor`: findings, worst first, each with what to do; and `doctor --ack`. */
import type { AcknowledgedAlarm, DoctorFinding, DoctorReport } from "../engine/api.ts";
import { bytesToText, counted, printable, type View } from "./text.ts";

export function doctorToText(report: DoctorReport, view: View): string {
  const { style } = view;
  const { findings } = report;
  const lines = [
    `${style.bold(report.nodeId ?? "unknown node")}${report.isRunning ? ", running" : ""}`,
    ...report.checked.map(({ check, result }) => `  ${check}: ${printable(readable(result))}`),
  ];
  for (const finding of findings) {
    lines.push(`${label(finding, view)} ${finding.code}  ${printable(finding.message)}`);
    lines.push(`  ${printable(finding.hint)}`);
  }
  const wrong = findings.filter(({ level }) => level !== "note").length;
  lines.push(
    wrong === 0 ? style.green("all is well") : style.red(`${counted(wrong, "thing")} to look at`),
  );
  return lines.join("\n");
}

/** Sizes as people read them; the JSON has every byte. */
function readable(result: string): string {
  return result.replace(/\b(\d{4,}) bytes\b/g, (_, bytes: string) => bytesToText(Number(bytes)));
}

function label(finding: DoctorFinding, view: View): string {
  const { style } = view;
  switch (finding.level) {
    case "failure":
      return style.red("broken:");
    case "attention":
      return style.yellow("needs you:");
    case "note":
      return "note:";
  }
}

export function acknowledgedToText(alarm: AcknowledgedAlarm, view: View): string {
  const left =
    alarm.alarmsLeft === 0 ? "no alarm is left" : `${counted(alarm.alarmsLeft, "alarm")} left`;
  return `${view.style.green("cleared")} ${alarm.code} ${printable(alarm.text)} (${alarm.id}); ${left}`;
}
