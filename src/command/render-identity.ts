/** `keygen`, `sign`, `install`, `nodes`, `version` and `bench`: what was made, and what to do next. */
import type { NodeRow } from "../engine/api.ts";
import type { BenchResult } from "../engine/bench.ts";
import {
  agoToText,
  bytesToText,
  counted,
  elapsedToText,
  grouped,
  tableToText,
  type View,
} from "./text.ts";

export interface CreatedNodeFacts {
  readonly nodeId: string;
  /** 8 hex digits. */
  readonly epoch: string;
  readonly isHub: boolean;
  readonly dir: string;
  readonly keyPath: string;
  readonly csrPath: string;
}

/** Quoted for a shell when it has to be. */
export function quoted(text: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;
}

/** The command to run next. */
function nextAfterKeygen(node: CreatedNodeFacts): string {
  return node.isHub
    ? `zamsync serve --data-dir ${quoted(node.dir)} --bind 0.0.0.0:7700 --policy own`
    : `zamsync sign ${quoted(node.csrPath)} --ca HUBDIR`;
}

export function keygenToText(node: CreatedNodeFacts, view: View): string {
  const { style } = view;
  return [
    `${style.green("made")} ${node.isHub ? "hub" : "node"} ${style.bold(node.nodeId)} in ${node.dir}`,
    `data key: ${node.keyPath}`,
    "keep a copy of the key elsewhere: without it nobody can read the log",
    node.isHub ? "next, on this machine:" : "next, for a clinic, on its hub's machine:",
    `  ${style.cyan(nextAfterKeygen(node))}`,
    ...(node.isHub
      ? []
      : [
          "or, if this is to be the hub:",
          `  ${style.cyan(`zamsync serve --data-dir ${quoted(node.dir)} --bind 0.0.0.0:7700 --policy own`)}`,
        ]),
  ].join("\n");
}

export function keygenToJson(node: CreatedNodeFacts): object {
  const { nodeId, epoch, isHub, dir, keyPath, csrPath } = node;
  return {
    nodeId,
    epoch,
    role: isHub ? "hub" : "unsigned",
    dir,
    keyPath,
    csrPath,
    next: nextAfterKeygen(node),
  };
}

export interface SignedFacts {
  readonly nodeId: string;
  readonly serial: string;
  /** ISO 8601 UTC. */
  readonly notAfter: string;
  /** What was written: node.crt and ca.crt, or one bundle. */
  readonly paths: readonly string[];
  /** Former keys of this id that no longer count. */
  readonly revokedCount: number;
  /** True when signing made this unsigned node a hub. */
  readonly becameHub: boolean;
}

export function signToText(signed: SignedFacts, isBundle: boolean, view: View): string {
  const { style } = view;
  const lines = [
    `${style.green("signed")} ${style.bold(signed.nodeId)}, serial ${signed.serial}, valid until ${signed.notAfter.slice(0, 10)}`,
    ...signed.paths.map((file) => `wrote ${file}`),
  ];
  const bundle = signed.paths[0];
  if (isBundle && bundle !== undefined) {
    lines.push("next, on the clinic's machine:");
    lines.push(`  ${style.cyan(`zamsync install ${quoted(bundle)} --data-dir DIR`)}`);
  }
  return lines.join("\n");
}

export interface RevokedFacts {
  readonly nodeId: string;
  /** Keys that no longer count from now on; 0 when all were revoked before. */
  readonly revokedCount: number;
  /** ISO 8601 UTC. */
  readonly revokedAt: string;
}

export function revokeToText(revoked: RevokedFacts, view: View): string {
  const { style } = view;
  if (revoked.revokedCount === 0)
    return `${style.bold(revoked.nodeId)} was revoked already, ${agoToText(revoked.revokedAt, view.nowMs)}`;
  return [
    `${style.green("revoked")} ${style.bold(revoked.nodeId)}: ${counted(revoked.revokedCount, "key")} no longer accepted by this hub`,
    "a running hub ends its sessions within a second; nobody else needs a new certificate",
  ].join("\n");
}

/** `isRepeat`: there was nothing left to revoke. */
export function revokeToJson(revoked: RevokedFacts): object {
  const { nodeId, revokedCount, revokedAt } = revoked;
  return { nodeId, revokedCount, revokedAt, repeat: revokedCount === 0 };
}

export function installToText(
  installed: Pick<SignedFacts, "nodeId" | "notAfter">,
  view: View,
): string {
  return `${view.style.green("installed")} the certificate of ${view.style.bold(installed.nodeId)}, valid until ${installed.notAfter.slice(0, 10)}`;
}

/** What the table of nodes shows of each. */
type NodeFacts = Pick<
  NodeRow,
  | "node"
  | "role"
  | "serial"
  | "notAfter"
  | "isRevoked"
  | "lastSync"
  | "pendingOut"
  | "pendingIn"
  | "quarantined"
>;

export function nodesToText(nodes: readonly NodeFacts[], view: View): string {
  if (nodes.length === 0) return "no nodes yet: zamsync sign CSR --ca HUBDIR adds one";
  const pending = (value: number | null): string => (value === null ? "-" : grouped(value));
  const rows = nodes.map((node) => [
    node.node,
    node.role,
    node.isRevoked ? "revoked" : "issued",
    node.serial,
    node.notAfter.slice(0, 10),
    node.lastSync === null ? "never" : agoToText(node.lastSync, view.nowMs),
    pending(node.pendingOut),
    pending(node.pendingIn),
    grouped(node.quarantined),
  ]);
  const columns = [
    { title: "NODE" },
    { title: "ROLE" },
    { title: "STATE" },
    { title: "SERIAL" },
    { title: "EXPIRES" },
    { title: "LAST SYNC" },
    { title: "TO SEND", isNumber: true },
    { title: "TO GET", isNumber: true },
    { title: "HELD BACK", isNumber: true },
  ];
  return tableToText(columns, rows, view.style);
}

export interface VersionFacts {
  readonly version: string;
  /** What it runs on, with its version. */
  readonly runtime: string;
  readonly logFormat: number;
  readonly protocol: number;
  readonly platform: string;
}

export function versionToText(facts: VersionFacts): string {
  return [
    `zamsync ${facts.version}`,
    `${facts.runtime} on ${facts.platform}`,
    `log format ${facts.logFormat}, protocol ${facts.protocol}`,
  ].join("\n");
}

export function benchToText(facts: BenchResult, view: View): string {
  const perS = (value: number): string => grouped(Math.round(value));
  const share = (part: number, whole: number): string =>
    whole > 0 ? ` (${Math.round((100 * part) / whole)} % of ${perS(whole)})` : "";
  const rows: readonly (readonly [string, string])[] = [
    ["Events:", `${grouped(facts.events)} of ${bytesToText(facts.payloadBytes)}`],
    [
      "Append:",
      `${perS(facts.appendEventsPerS)} events/s${share(facts.appendEventsPerS, facts.sealEventsPerS)} merely sealed`,
    ],
    [
      "Single pushes:",
      `${perS(facts.singlePushesPerS)}/s${share(facts.singlePushesPerS, facts.bareSyncsPerS)} bare fdatasyncs`,
    ],
    [
      "Reopen:",
      `${elapsedToText(facts.openMs)}${facts.openBytesRead === null ? "" : `, ${bytesToText(facts.openBytesRead)} read`}`,
    ],
    [
      "Sync:",
      `${elapsedToText(facts.syncMs)} over loopback, ${perS(facts.syncEventsPerS)} events/s`,
    ],
    ["On disk:", `${facts.logBytesPerEvent.toFixed(1)} bytes an event`],
    [
      "On the wire:",
      `${facts.wireBytesPerEvent.toFixed(1)} bytes an event, both ways, TLS included`,
    ],
    [
      "Nothing to do:",
      `${counted(facts.idleSyncBytesUp, "byte")} up, ${counted(facts.idleSyncBytesDown, "byte")} down`,
    ],
    ["Peak memory:", bytesToText(facts.peakMemoryBytes)],
  ];
  return rows
    .map(([name, value]) => `${view.style.bold(name)}${" ".repeat(16 - name.length)}${value}`)
    .join("\n");
}
