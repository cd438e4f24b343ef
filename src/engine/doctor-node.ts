/** The part of `doctor` that asks an opened node: everything re-read, and what its status names. */
import { counted } from "../core/counted.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import type { NodeApi } from "./api.ts";
import type { Findings } from "./doctor-findings.ts";
import { wholeLog } from "./verifying.ts";

/** Throws what the node rejects with. */
export async function examineNode(node: NodeApi, found: Findings): Promise<void> {
  const status = await node.status();
  const report = await node.verify();
  found.checked(
    "log",
    `${counted(status.walRecords, "record")}, ${counted(status.walBytes, "byte")}, CRC, seal and chain: ${report.problems.length === 0 ? "good" : counted(report.problems.length, "problem")}`,
  );
  for (const { path, offset, problem } of report.problems) {
    const isKnown = status.damagedRanges.some(
      (range) => range.path === path && offset >= range.from && offset < range.to,
    );
    // What is missing without a trace is named below, from the status.
    if (!isKnown && path !== wholeLog)
      found.error("failure", new ZamError("Z216", { path, offset, problem }));
  }
  for (const { path, from, to, missing } of status.damagedRanges) {
    const error = new ZamError("Z209", { count: status.damaged, path, from, to });
    const message = missing === "" ? error.message : `${error.message}: ${missing}`;
    found.add({ level: "failure", code: error.code, message, hint: error.hint });
  }
  if (status.damagedRanges.length === 0 && status.damaged > 0) {
    const are = status.damaged === 1 ? "is" : "are";
    found.add({
      level: "attention",
      code: "Z213",
      message: `${counted(status.damaged, "event")} ${are} known to exist and ${are} not in the log`,
      hint: "sync with a peer to fetch them back; zamsync status --verbose names them",
    });
  }
  for (const { node: origin, epoch, lane, from, to } of status.lostAtSource) {
    const error = new ZamError("Z516", { from, to, node: origin, epoch, lane });
    found.add({
      level: "note",
      code: error.code,
      message: error.message,
      hint: "nothing brings them back, unless a copy of the directory exists; tell those who rely on them",
    });
  }
  for (const { id, code, text } of status.alarms) {
    // A code as its own id: not a mark in the log, but something found by looking.
    if (id !== code) found.alarm(code, text, `doctor --ack ${quoted(id)}`);
  }
  if (!status.clock.ok) {
    const hint = "set the clock; nothing is lost, and order within a node is right either way";
    found.add({ level: "attention", code: "Z517", message: status.clock.reason, hint });
  }
  if (status.rekey?.isRunning === false) found.error("attention", new ZamError("Z230"));
  found.checked("clock", status.clock.ok ? "plausible" : "wrong");
  if (status.readOnly !== null) {
    const { code, message } = status.readOnly;
    const readOnly = new ZamError("Z208", { reason: message });
    // Nobody has to open that one again.
    const { hint } = code === "Z204" ? new ZamError("Z204", { operation: "writing" }) : readOnly;
    found.add({ level: "failure", code, message: readOnly.message, hint });
  }
}

/** For a shell: ids of forks and rollbacks have spaces. */
function quoted(id: string): string {
  return /^[A-Za-z0-9_.:/-]+$/.test(id) ? id : `'${id.replaceAll("'", "'\\''")}'`;
}
