/**
 * Writes `docs/commands.md` from the table of commands, or with `--check` says
 * whether it is up to date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { outputFlags } from "../src/command/common-flags.ts";
import { flagToText, metavarOf } from "../src/command/flag.ts";
import type { FlagSpec } from "../src/command/flag.ts";
import { commandNames, commandSpec } from "../src/command/table.ts";
import type { CommandName } from "../src/command/table.ts";

const page = new URL("../docs/commands.md", import.meta.url);

/** What the table cannot know: what each command prints with `--json`. */
const jsonOutput: Readonly<Partial<Record<CommandName, string>>> = {
  keygen:
    "`nodeId`, `epoch`, `role`, `dir`, `keyPath`, `csrPath`, `next` (the command to run next).",
  sign: "`nodeId`, `serial`, `notAfter`, `paths`, `revokedCount`, `becameHub`.",
  install: "`nodeId`, `notAfter`, `daysLeft`.",
  revoke: "`nodeId`, `revokedCount`, `revokedAt`, `repeat` (nothing was left to revoke).",
  nodes:
    "a line a certificate: `node`, `role`, `serial`, `notAfter`, `isRevoked`, `lastSync`, `pendingOut`, `pendingIn`, `quarantined` (its events that are held back here).",
  push: "`node`, `epoch`, `lane`, `seq`, `hlc`, `repeat` (the id had been used before). With `--stdin`: `node`, `epoch`, `lane`, `count` (lines that are durable now), `repeats`, `firstSeq`, `lastSeq`, `complete`. `notice` where there is one.",
  pull: "a line an event: `cursor`, `node`, `epoch`, `lane`, `seq`, `hlc`, `ts`, `type`, and `payload`, or `payloadBase64` where it is not JSON. A JSON payload is embedded as it is stored, number by number.",
  audit:
    "a line an event: `ts`, `hlc`, `node`, `epoch`, `lane`, `seq`, `type`, `size`, `sha256`, `chain`, `received`, and `quarantined` (the reason) where it is held back. Damaged ranges are named on stderr. With `--verify` one object: `checked`, `problems`.",
  serve:
    '`{"event":"listening","address":"ADDR:PORT"}` once it accepts connections, then `{"event":"session",…}` a session (`at`, `peer`, `address`, `eventsSent`, `eventsReceived`, `bytesSent`, `bytesReceived`, `durationMs`, `endedBy`, and `error` where it ended badly), `{"event":"report",…}` for what else happens, `{"event":"released",…}` with a `count` when a schema lets events in, and `{"event":"becameHub",…}` the first time.',
  sync: "`peer`, `eventsSent`, `eventsConfirmed`, `eventsReceived`, `bytesSent`, `bytesReceived` (on the TCP socket, TLS included), `durationMs`, `attempts`, `complete`, `remaining`, `quarantined` (events of this node that the hub holds back), `endedBy`, `reports`; `bytesUnanswered` where a connection broke: how much of `bytesSent` may have been lost with it; with `--dry-run` also `estimate` (`events`, `bytes`, `seconds`).",
  daemon:
    '`{"event":"synced",…}` with the fields of `sync`, or `{"event":"failed",…}` with `code`, `message`, `retryInMs`, or `{"event":"waiting",…}` with `reason` (`window` or `budget`) and `waitMs`.',
  ping: "`peer`, `address`, `tcpMs`, `tlsMs`, `isResumed`, `roundTripsMs`, `certDaysLeft`, `hubCertDaysLeft`, `clockDifferenceMs`.",
  peers:
    "a line a peer: `peer`, `role`, `address`, `lastSync`, `result`, `pendingOut`, `connected`.",
  status:
    "`nodeId`, `role`, `epoch`, `walRecords`, `walBytes`, `encrypted`, `pending`, `pendingSince`, `lastSync` (`{peer, address, at, result}` or null), `peers`, `damaged`, `damagedRanges`, `quarantined`, `quarantinedEvents` (a list of `{node, epoch, lane, from, to, reason, at}`), `lostAtSource`, `vector` (a list of `{node, epoch, lane, seq, holes}`), `clock` (`{ok, reason}`), `certDaysLeft`, `alarms`, `readOnly`.",
  project:
    '`target`, `table`, `added`, `repeated` (had a row already), `moved` (followed a branch to its new epoch), `unfitting` (values that are NULL because their type is another), `missing` (gone from the log before they were projected), `rows` (in the table; null when it was interrupted), `arrival`, `complete`; before it `{"event":"report",…}` for what a person should know, and with `--follow` `{"event":"caughtUp",…}`. With `--dry-run`: `target`, `table`, `makesTable`, `addsColumns`, `refillsColumns`, `leavesColumns`, `events`, `unfitting`.',
  snapshot:
    "`path`, `nodeId`, `createdAt`, `sizeBytes`, `files`, `events`, `problems` (damage that the log itself has; then the exit status is 8).",
  restore:
    "`nodeId`, `isHub`, `dir`, `keyPath`, `epoch` (the fresh one), `createdAt`, `events`, `problems`, `reports`.",
  doctor:
    "`nodeId`, `isRunning`, `checked` (a list of `{check, result}`), `findings` (a list of `{level, code, message, hint}`; `level` is `failure`, `attention` or `note`), `exit`. With `--ack`: `id`, `code`, `text`, `alarmsLeft`.",
  torture:
    "`seed`, `rounds`, `durationMs`, `endedBy` (`time`, `rounds`, `interrupt`, `space`, `problem`), `events` (`acked`, `healed`), `faults` (by kind: `rounds`, `hits`), `renewals`, `fsync` (`count`, `p50Ms`, `p99Ms`, `maxMs`), `problems` (`code`, `message`, `hint`, `round`), `notExercised`, `evidence` (the folder that was kept, or null), `exit`.",
  bench:
    "`events`, `payloadBytes`, rates per second (`sealEventsPerS`, `appendEventsPerS`, `singlePushesPerS`, `bareSyncsPerS`, `syncEventsPerS`), `openMs`, `openBytesRead`, `syncMs`, `logBytesPerEvent`, `wireBytesPerEvent`, `idleSyncBytesUp`, `idleSyncBytesDown`, `peakMemoryBytes`.",
  version: "`version`, `node`, `logFormat`, `protocol`, `platform`.",
};

/** The page's text. */
export function commandsPage(): string {
  return `# Commands

Generated from the table in \`src/command/\` by \`node scripts/commands-doc.ts\`; do not edit it here.
Scripts may depend on every name: commands and flags are added to, never renamed, and \`--json\` output may gain fields, never lose them.

- The node's directory comes first, or as \`--data-dir DIR\`, or from \`ZAMSYNC_DATA_DIR\`.
- Sizes are \`512K\`, \`2M\`, \`1G\` (1024-based) or bytes. Durations are \`30s\`, \`15m\`, \`12h\`, \`90d\`. Times are ISO 8601, UTC unless they say otherwise. Addresses without a port mean port 7700.
- An unknown command or flag, a flag given twice, a missing or malformed value is exit status 2 with the nearest valid spelling, before anything is opened.
- Exit status: 0 done, 1 a defect, 2 usage, 3 storage, 4 keys and identity, 5 network, 6 protocol, 7 data, 8 done in part, or a node that needs a person. Errors have codes: see [errors.md](errors.md).
- SIGINT and SIGTERM finish the record in hand, say goodbye to the peer, and end. A second one ends at once.

Every command takes:

${flagTable(outputFlags)}
With \`--json\`, results are one JSON object a line on stdout; errors are \`{"error":{"code","message","hint","context"}}\` on stderr.

${commandNames.map(section).join("\n")}`;
}

function section(name: CommandName): string {
  const spec = commandSpec(name);
  const positionals = spec.positionals.map(({ metavar, isRequired }) =>
    isRequired === true ? ` ${metavar}` : ` [${metavar}]`,
  );
  const own = Object.fromEntries(
    Object.entries(spec.flags).filter(([key]) => !(key in outputFlags)),
  );
  const parts = [
    `## zamsync ${name}${positionals.join("")}\n`,
    `${spec.summary.charAt(0).toUpperCase()}${spec.summary.slice(1)}.${spec.description === undefined ? "" : ` ${spec.description}`}\n`,
  ];
  if (Object.keys(own).length > 0) parts.push(flagTable(own));
  const json = jsonOutput[name];
  if (json !== undefined) parts.push(`With \`--json\`: ${json}\n`);
  parts.push(`\`\`\`sh\n${spec.examples.join("\n")}\n\`\`\`\n`);
  return parts.join("\n");
}

function flagTable(flags: Readonly<Record<string, FlagSpec>>): string {
  const rows = Object.entries(flags).map(([key, flag]) => {
    const metavar = metavarOf(flag);
    const short = flag.short === undefined ? "" : `-${flag.short}, `;
    const notes = [
      ...(flag.default === undefined ? [] : [`default ${flag.default}`]),
      ...(flag.environment === undefined ? [] : [`or \`${flag.environment}\``]),
    ];
    const heading = `\`${short}${flagToText(key)}${metavar === "" ? "" : ` ${metavar}`}\``;
    return `| ${cell(heading)} | ${cell(flag.help)}${notes.length === 0 ? "" : ` (${notes.join(", ")})`} |`;
  });
  return `| flag | meaning |\n| --- | --- |\n${rows.join("\n")}\n`;
}

/** A pipe would end the table's cell. */
function cell(text: string): string {
  return text.replace(/\|/g, "\\|");
}

function main(args: readonly string[]): number {
  const wanted = commandsPage();
  if (!args.includes("--check")) {
    writeFileSync(page, wanted);
    return 0;
  }
  if (readFileSync(page, "utf8") === wanted) return 0;
  process.stderr.write(
    "docs/commands.md is not what the table says: run node scripts/commands-doc.ts\n",
  );
  return 1;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
