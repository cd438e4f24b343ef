/**
 * `status` and `peers`. The first five lines of `status` are a contract. A line about the
 * last check of the whole log follows when there was one; all others only when
 * something needs a person, and then the exit status is 8.
 */
import type { NodeStatus, PeerRow } from "../engine/api.ts";
import {
  agoToText,
  bytesToText,
  counted,
  grouped,
  printable,
  streamToText,
  tableToText,
  type View,
} from "./text.ts";

/** A certificate with fewer days left needs a person. */
export const certDaysMin = 30;
/** Events that no hub has confirmed for longer than this need a person. */
const pendingMsMax = 7 * 86_400_000;

/** What needs a person, one line each; empty when nothing does. */
export function statusProblems(status: NodeStatus, nowMs: number): readonly string[] {
  const problems: string[] = [];
  if (status.readOnly !== null) {
    problems.push(`Read-only:   ${status.readOnly.code} ${status.readOnly.message}`);
  }
  if (status.damaged > 0) {
    problems.push(
      `Damaged:     ${counted(status.damaged, "record")} missing, a sync fetches back what a peer holds`,
    );
  }
  for (const range of status.damagedRanges) {
    problems.push(`  ${range.path}, bytes ${range.from} to ${range.to}: ${range.missing}`);
  }
  if (status.quarantined > 0) {
    problems.push(
      `Quarantined: ${counted(status.quarantined, "event")}, stored and kept from readers until a schema lets them in`,
    );
  }
  for (const held of status.quarantinedEvents) {
    const range = held.from === held.to ? `seq ${held.from}` : `seq ${held.from} to ${held.to}`;
    const at = held.at === status.nodeId ? "" : ` at ${held.at}`;
    problems.push(`  ${streamToText(held)} ${range}${at}: ${printable(held.reason)}`);
  }
  if (status.rekey?.isRunning === false) {
    problems.push(
      "Rekey:       interrupted, run zamsync rekey again; until then both keys are needed",
    );
  }
  for (const lost of status.lostAtSource) {
    const range = lost.from === lost.to ? `seq ${lost.from}` : `seq ${lost.from} to ${lost.to}`;
    problems.push(
      `Lost:        ${streamToText(lost)} ${range} (epoch ${lost.epoch}), lost at source`,
    );
  }
  for (const alarm of status.alarms) {
    problems.push(`Alarm:       ${alarm.code} ${alarm.text} (${alarm.id}, ${alarm.at})`);
  }
  if (!status.clock.ok) problems.push(`Clock:       ${status.clock.reason}`);
  if (status.certDaysLeft !== null && status.certDaysLeft < certDaysMin) {
    problems.push(
      status.certDaysLeft < 0
        ? "Certificate: expired, ask the hub to sign again"
        : `Certificate: ${counted(status.certDaysLeft, "day")} left, ask the hub to sign again`,
    );
  }
  const since = status.pendingSince;
  if (typeof since === "string" && nowMs - Date.parse(since) > pendingMsMax) {
    problems.push(`Overdue:     the oldest unsynced event is from ${agoToText(since, nowMs)}`);
  }
  return problems;
}

export function statusToText(status: NodeStatus, view: View): string {
  const { style } = view;
  const last = status.lastSync;
  const lines = [
    `Node ID:     ${style.bold(status.nodeId)}`,
    `WAL records: ${status.walRecords}`,
    `Last sync:   ${last === null ? "never" : `${agoToText(last.at, view.nowMs)}  (${lastSyncToText(status.role, last)})`}`,
    `Pending:     ${counted(status.pending, "event")} unsynced${pendingByPeer(status)}`,
    `WAL size:    ${bytesToText(status.walBytes)} (${status.encrypted ? "encrypted" : style.yellow("not encrypted")})`,
  ];
  if (status.scrub.finishedAt !== null) lines.push(scrubToText(status, view));
  for (const problem of statusProblems(status, view.nowMs)) lines.push(style.red(problem));
  if (view.isVerbose) lines.push(...verboseLines(status));
  return lines.join("\n");
}

function scrubToText({ scrub }: NodeStatus, view: View): string {
  const found = scrub.found.map(({ path, from, to }) => `${path}, bytes ${from} to ${to}`);
  const result = found.length === 0 ? "nothing found" : `set aside ${found.join("; ")}`;
  return `Checked:     all of it ${agoToText(scrub.finishedAt ?? "", view.nowMs)}: ${result}`;
}

function lastSyncToText(
  role: NodeStatus["role"],
  last: NonNullable<NodeStatus["lastSync"]>,
): string {
  const result = last.result === "" || last.result === "complete" ? "" : `, ${last.result}`;
  return role === "hub"
    ? `peer: ${last.peer} at ${last.address}${result}`
    : `hub: ${last.address}${result}`;
}

function pendingByPeer(status: NodeStatus): string {
  if (status.role !== "hub") return "";
  const behind = status.peers.filter((peer) => peer.pendingOut > 0);
  const named = behind.slice(0, 5).map((peer) => `${peer.peer}: ${peer.pendingOut}`);
  if (behind.length > named.length) named.push(`and ${behind.length - named.length} more`);
  return named.length === 0 ? "" : `  (${named.join(", ")})`;
}

function verboseLines(status: NodeStatus): readonly string[] {
  const lines = [
    `Role:        ${status.role}`,
    `Epoch:       ${status.epoch}`,
    `Certificate: ${status.certDaysLeft === null ? "none" : `${counted(status.certDaysLeft, "day")} left`}`,
  ];
  for (const entry of status.vector) {
    const holes = entry.holes
      .map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`))
      .join(", ");
    lines.push(
      `Stream:      ${streamToText(entry)} (epoch ${entry.epoch}) to seq ${grouped(entry.seq)}${holes === "" ? "" : `, missing ${holes}`}${entry.floor === undefined ? "" : `, absent up to ${grouped(entry.floor)}`}`,
    );
  }
  return lines;
}

/** Lists every field of the contract; whatever else the engine knows goes along. */
export function statusToJson(status: NodeStatus): object {
  const vector = status.vector.map(({ node, epoch, lane, seq, holes, floor, floorByOrigin }) => ({
    node,
    epoch,
    lane,
    seq,
    holes,
    ...(floor === undefined ? {} : { floor, floorByOrigin }),
  }));
  return { ...status, vector };
}

export function peersToText(peers: readonly PeerRow[], view: View): string {
  if (peers.length === 0) return "no peers yet";
  const rows = peers.map((peer) => [
    peer.peer,
    peer.role,
    peer.address,
    peer.lastSync === null ? "never" : agoToText(peer.lastSync, view.nowMs),
    grouped(peer.pendingOut),
    peer.connected ? "connected" : peer.result,
  ]);
  const columns = [
    { title: "PEER" },
    { title: "ROLE" },
    { title: "ADDRESS" },
    { title: "LAST SYNC" },
    { title: "PENDING", isNumber: true },
    { title: "STATE" },
  ];
  return tableToText(columns, rows, view.style);
}
