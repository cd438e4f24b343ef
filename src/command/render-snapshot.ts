/** `snapshot` and `restore`: what was made, and what to do next. */
import type { RestoredNode, SnapshotSummary } from "../engine/api.ts";
import { quoted } from "./render-identity.ts";
import { bytesToText, counted, printable, type View } from "./text.ts";

export function snapshotToText(made: SnapshotSummary, view: View): string {
  const { style } = view;
  const lines = [
    `${style.green("wrote")} ${made.path}: ${style.bold(made.nodeId)} as of ${made.createdAt}`,
    `${counted(made.events, "event")}, ${counted(made.files, "file")}, ${bytesToText(made.sizeBytes)}, re-read and whole`,
  ];
  if (made.problems > 0)
    lines.push(
      style.red(`${counted(made.problems, "problem")} in the log itself: see zamsync doctor`),
    );
  lines.push("the data key is not in it: keep a copy of the key elsewhere");
  return lines.join("\n");
}

export function restoreToText(restored: RestoredNode, view: View): string {
  const { style } = view;
  const { nodeId, dir, epoch, createdAt, events, problems, reports } = restored;
  const lines = [
    `${style.green("restored")} ${style.bold(nodeId)} in ${dir}, as of ${createdAt}: ${counted(events, "event")}`,
    `new events go into epoch ${epoch}`,
  ];
  if (problems > 0)
    lines.push(style.red(`${counted(problems, "problem")} in its log: see zamsync doctor`));
  for (const { code, message } of reports) lines.push(style.red(`${code}  ${printable(message)}`));
  if (restored.isHub) {
    lines.push("what was signed or revoked after the snapshot is not in its books: check");
    lines.push(`  ${style.cyan(`zamsync nodes --data-dir ${quoted(dir)}`)}`);
    lines.push("its clinics send again what they still hold, at their next sync");
  } else {
    lines.push("see that the old device no longer runs; next, to fetch back what the hub holds:");
    lines.push(`  ${style.cyan(`zamsync sync --data-dir ${quoted(dir)}`)}`);
  }
  return lines.join("\n");
}
