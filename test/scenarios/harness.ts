/**
 * What the scenarios stand on: nodes in a scratch folder, made and driven by the
 * real command, and the faults that are injected into their files.
 *
 * Invariant: every scenario has a folder and processes of its own, and both are
 * gone when it ends, so that scenarios can run side by side.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after } from "node:test";
import type { TestContext } from "node:test";
import {
  describe,
  digestOf,
  jsonLines,
  run as runProcess,
  serve,
  summaryOf,
} from "../../lab/command.ts";
import type { AuditLine, Ran, RunOptions, Serving } from "../../lab/command.ts";
import { startLink } from "../../lab/link.ts";
import type { Link, LinkOptions } from "../../lab/link.ts";
import { runInside } from "./inside.ts";

export {
  describe,
  digestOf,
  errorOf,
  jsonLines,
  run as runProcess,
  summaryOf,
  waitUntil,
} from "../../lab/command.ts";
export type { AuditLine, Ran, Serving } from "../../lab/command.ts";

/**
 * One command to its end: in this process where that makes no difference, else in one
 * of its own (`runProcess` always does that).
 */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { input, ...others } = options;
  const isPlain = Object.keys(others).length === 0 && args[0] !== "serve" && args[0] !== "daemon";
  return isPlain ? runInside(args, input) : runProcess(args, options);
}

/** One command that must succeed. */
export async function runOk(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const ran = await run(args, options);
  assert.equal(ran.status, 0, describe(ran));
  return ran;
}

/** Every event that a directory holds, as `audit --json` lists it. */
export async function auditOf(dir: string): Promise<AuditLine[]> {
  return jsonLines<AuditLine>((await runOk(["audit", dir, "--json"])).stdout);
}

/** What `status --json` has at least. */
export interface StatusJson {
  readonly nodeId: string;
  readonly epoch: string;
  readonly walRecords: number;
  readonly walBytes: number;
  readonly encrypted: boolean;
  readonly pending: number;
  readonly lastSync: { readonly peer: string; readonly result: string } | null;
  readonly damaged: number;
  readonly damagedRanges: readonly {
    readonly path: string;
    readonly from: number;
    readonly to: number;
  }[];
  readonly alarms: readonly { readonly id: string; readonly code: string; readonly text: string }[];
  readonly vector: readonly {
    readonly node: string;
    readonly epoch: string;
    readonly lane: string;
    readonly seq: number;
    readonly holes: readonly unknown[];
    readonly floor?: number;
    readonly floorByOrigin?: boolean;
  }[];
}

/** What `sync --json` has at least. */
export interface SyncJson {
  readonly peer: string;
  readonly eventsSent: number;
  readonly eventsConfirmed: number;
  readonly eventsReceived: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly durationMs: number;
  readonly attempts: number;
  readonly complete: boolean;
  readonly remaining: number;
  readonly reports?: readonly { readonly code: string; readonly message: string }[];
}

export interface Fleet {
  /** Scratch folder of this scenario. */
  readonly dir: string;
  /** Data directory of the hub, which has the CA. */
  readonly hub: string;
  /** Data directory of a signed clinic. */
  clinic(name: string): string;
}

/** Short, because socket paths have 107 bytes. */
export async function scratchDir(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "zs-"));
  t.after(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
  return dir;
}

/** Fleets once made, by their clinics' names: making keys takes longer than copying them. */
const templates = new Map<string, Promise<string>>();
after(async () => {
  for (const template of templates.values())
    await rm(await template, { recursive: true, force: true });
});

async function makeTemplate(names: readonly string[]): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "zs-"));
  const hub = join(dir, "hub");
  await runOk(["keygen", hub, "--hub"]);
  for (const name of names) await runOk(["keygen", join(dir, name)]);
  for (const name of names) await runOk(["sign", join(dir, name, "tls", "node.csr"), "--ca", hub]);
  return dir;
}

/** A hub and clinics signed by its CA, none of which has run yet. */
export async function makeFleet(
  t: TestContext,
  names: readonly string[] = ["clinic_a"],
): Promise<Fleet> {
  const key = names.join();
  const template = templates.get(key) ?? makeTemplate(names);
  templates.set(key, template);
  const from = await template;
  const dir = await scratchDir(t);
  await cp(from, dir, { recursive: true });
  return { dir, hub: join(dir, "hub"), clinic: (name) => join(dir, name) };
}

/** Serves a hub until the scenario ends. */
export async function serveHub(
  t: TestContext,
  dir: string,
  options: RunOptions & { readonly args?: readonly string[]; readonly bind?: string } = {},
): Promise<Serving> {
  const serving = await serve([dir, ...(options.args ?? [])], options);
  t.after(() => serving.kill());
  return serving;
}

/** A link to a hub until the scenario ends. */
export async function linkTo(
  t: TestContext,
  hub: Serving,
  options: Omit<LinkOptions, "to"> = {},
): Promise<Link> {
  const link = await startLink({ ...options, to: { port: hub.port } });
  t.after(() => link.close());
  return link;
}

/** One `sync --json`; `summary` is undefined when it printed none. */
export async function sync(
  dir: string,
  address: string,
  options: RunOptions & { readonly args?: readonly string[] } = {},
): Promise<{ readonly ran: Ran; readonly summary: SyncJson | undefined }> {
  const { args = [], ...others } = options;
  const ran = await run(["sync", dir, "--hub", address, "--json", ...args], others);
  const summary = ran.stdout.includes("{") ? summaryOf<SyncJson>(ran) : undefined;
  return { ran, summary };
}

/** A sync that must be complete. */
export async function syncOk(
  dir: string,
  address: string,
  options: RunOptions & { readonly args?: readonly string[] } = {},
): Promise<SyncJson> {
  const { ran, summary } = await sync(dir, address, options);
  assert.equal(ran.status, 0, describe(ran));
  assert.ok(summary !== undefined);
  assert.equal(summary.complete, true, describe(ran));
  return summary;
}

/** Pushes JSON values by one `push --stdin`. */
export async function pushAll(
  dir: string,
  events: readonly (string | object)[],
  options: RunOptions = {},
): Promise<{ readonly count: number; readonly firstSeq: number; readonly lastSeq: number }> {
  const lines = events.map((event) => (typeof event === "string" ? event : JSON.stringify(event)));
  const input = `${lines.join("\n")}\n`;
  return summaryOf(await runOk(["push", dir, "--stdin", "--json"], { ...options, input }));
}

export async function pushOne(
  dir: string,
  event: object,
  args: readonly string[] = [],
): Promise<{ readonly seq: number; readonly epoch: string; readonly lane: string }> {
  return summaryOf(
    await runOk(["push", dir, "--payload", JSON.stringify(event), "--json", ...args]),
  );
}

/** The status, whatever its exit status says about it. */
export async function statusOf(dir: string): Promise<StatusJson & { readonly exit: number }> {
  const ran = await run(["status", dir, "--json"]);
  assert.ok(ran.status === 0 || ran.status === 8, describe(ran));
  return { ...summaryOf<StatusJson>(ran), exit: ran.status };
}

export async function digest(dir: string): Promise<readonly string[]> {
  return digestOf(await auditOf(dir));
}

/** Asserts that nothing is in a log twice, and nothing under one name with two contents. */
export async function digestWithoutRepeats(dir: string): Promise<readonly string[]> {
  const rows = await digest(dir);
  const names = rows.map((row) => row.slice(0, row.lastIndexOf(" ")));
  assert.equal(new Set(names).size, names.length, "an event is listed twice");
  return rows;
}

export function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Files that a refused command may touch: none of them holds data. */
const volatileName = /^(lock|lock-.*|zamsync\.sock|socket)$/;

/** Path and hash of every file below a directory, to show that nothing changed. */
export async function fingerprint(dir: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || volatileName.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(relative(dir, path), sha256(await readFile(path)));
  }
  return new Map([...found].sort());
}

/** Segment files of a log, oldest first. */
export async function segmentsOf(dir: string): Promise<readonly string[]> {
  const names = (await readdir(join(dir, "log"))).filter((name) => name.endsWith(".seg")).sort();
  return names.map((name) => join(dir, "log", name));
}

/** Changes bytes of a file in place. */
export async function patchFile(path: string, patch: (bytes: Buffer) => void): Promise<void> {
  const bytes = await readFile(path);
  patch(bytes);
  await writeFile(path, bytes);
}

export async function copyDir(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, filter: (path) => !path.endsWith("zamsync.sock") });
}

/** `count` small events that differ, for scenarios that do not look inside. */
export function numbered(
  count: number,
  label = "visit",
): { readonly event: string; readonly n: number }[] {
  return Array.from({ length: count }, (_, index) => ({ event: label, n: index + 1 }));
}
