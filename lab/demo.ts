/**
 * `npm run demo`: a hub, a clinic, a 2G link that breaks, and the proof that
 * nothing was lost and nothing was sent twice.
 *
 * Everything goes through the real command: keygen, sign, serve, push, sync,
 * status, audit. The sync runs through an emulated link (profile `bhutan-2g`)
 * whose TCP connection is cut in mid-transfer, and which stays down for four
 * seconds. Both logs are then compared with each other and with what was written. Works offline, in a scratch
 * folder that is removed; exits 1 when any check fails.
 */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { connectNode } from "../src/engine/index.ts";
import { clinicEvents, takeEvents } from "./clinic-events.ts";
import type { ClinicEvent } from "./clinic-events.ts";
import { auditOf, digestOf, killAll, run, runOk, serve, summaryOf } from "./command.ts";
import type { Serving } from "./command.ts";
import { startLink } from "./link.ts";
import type { DeadlyCut, Link } from "./link.ts";
import { profileOf } from "./profiles.ts";
import { seedFromEnvironment } from "./random.ts";
import { bar, createStage, grouped } from "./stage.ts";
import type { Stage } from "./stage.ts";

const profile = profileOf("bhutan-2g");
const downMs = 4000;
/** The connection is cut once the hub holds this share of the events. */
const cutShare = 0.4;
/** A full TLS handshake, the sync's own greetings and a batch in hand: what a resumption may cost. */
const resumeBytesMax = 12_000;

interface SyncJson {
  readonly eventsSent: number;
  readonly eventsConfirmed: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly durationMs: number;
  readonly attempts: number;
  readonly complete: boolean;
  readonly remaining: number;
}

interface StatusJson {
  readonly walRecords: number;
  readonly walBytes: number;
  readonly encrypted: boolean;
  readonly pending: number;
}

interface Scene {
  readonly stage: Stage;
  readonly hubDir: string;
  readonly clinicDir: string;
  readonly hub: Serving;
  readonly link: Link;
}

interface Options {
  readonly count: number;
  readonly seed: number;
  readonly cut: DeadlyCut;
}

/** What the hub held, and what the link had carried, when the connection was cut. */
interface CutRecord {
  readonly heldByHub: number;
  readonly atMs: number;
}

async function play(scratch: string, options: Options, stage: Stage): Promise<void> {
  const hubDir = join(scratch, "hub");
  const clinicDir = join(scratch, "clinic_a");

  stage.step("1. A hub and a clinic, with certificates of the hub's own CA");
  await Promise.all([runOk(["keygen", hubDir, "--hub"]), runOk(["keygen", clinicDir])]);
  await runOk(["sign", join(clinicDir, "tls", "node.csr"), "--ca", hubDir]);
  const hub = await serve([hubDir, "--policy", "own"]);
  const link = await startLink({
    ...profile,
    to: { port: hub.port },
    seed: options.seed,
  });
  stage.note(`hub listens on ${hub.address}; the clinic reaches it through ${link.address}`);
  const scene: Scene = { stage, hubDir, clinicDir, hub, link };
  try {
    const supply = clinicEvents("visit", options.seed);
    const events = takeEvents(supply, options.count);
    await writeBacklog(scene, events);
    const { summary, cut } = await syncThroughCut(scene, options);
    const carried = carriedBy(link);
    await proveBothLogs(scene, events);
    proveNothingTwice(scene, { summary, cut, count: events.length });
    const delta = await syncTenMore(scene, takeEvents(supply, 10), events.length);
    showFigures(stage, { events, summary, carried, delta });
  } finally {
    await link.close();
    const status = await hub.stop();
    stage.check("the hub ends cleanly on SIGTERM", status === 0, `exit ${status}`);
  }
}

async function writeBacklog(scene: Scene, events: readonly ClinicEvent[]): Promise<void> {
  const { stage, clinicDir } = scene;
  const json = events.map(({ payload }) => payload).join("\n");
  stage.step(`2. ${grouped(events.length)} visits into the clinic's encrypted log`);
  const startMs = performance.now();
  await runOk(["push", clinicDir, "--stdin", "--type", "2", "--json"], { input: `${json}\n` });
  const seconds = (performance.now() - startMs) / 1000;
  const status = summaryOf<StatusJson>(await runOk(["status", clinicDir, "--json"]));
  stage.note(
    `durable after ${seconds.toFixed(1)} s: ${grouped(Buffer.byteLength(json))} bytes of JSON, ` +
      `${grouped(status.walBytes)} bytes of log`,
  );
  stage.check("all are pending", status.pending === events.length, `${status.pending}`);
  stage.check(
    "the log is encrypted, and no payload can be read in it",
    status.encrypted && !(await containsText(join(clinicDir, "log"), "patient_id")),
  );
}

async function containsText(folder: string, text: string): Promise<boolean> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    if ((await readFile(join(entry.parentPath, entry.name))).includes(text)) return true;
  }
  return false;
}

async function syncThroughCut(
  scene: Scene,
  options: Options,
): Promise<{ summary: SyncJson; cut: CutRecord | undefined }> {
  const { stage, clinicDir, link } = scene;
  stage.step(`3. Sync over 2G (${profile.title}), cut in mid-transfer for ${downMs / 1000} s`);
  const watcher = await connectNode({ dataDir: scene.hubDir });
  const startMs = performance.now();
  const running = run(["sync", clinicDir, "--hub", link.address, "--json"], { timeoutMs: 110_000 });
  let cut: CutRecord | undefined;
  let isOver = false;
  const ended = running.finally(() => {
    isOver = true;
  });
  const watching = (async () => {
    while (!isOver) {
      const held = (await watcher.status()).walRecords;
      const nowMs = performance.now() - startMs;
      const { upBytes, downBytes } = link.counters();
      stage.live(
        `${bar(held / options.count)} ${grouped(held)} of ${grouped(options.count)} events at the ` +
          `hub, ${grouped(upBytes)} B up, ${grouped(downBytes)} B down, ${(nowMs / 1000).toFixed(1)} s`,
      );
      if (cut === undefined && held >= options.count * cutShare && held < options.count) {
        link.cut(options.cut);
        link.downFor(downMs, options.cut === "silence" ? "silence" : "refuse");
        cut = { heldByHub: await settledCount(watcher), atMs: nowMs };
        stage.note(
          `cut (${options.cut}) after ${(nowMs / 1000).toFixed(1)} s; ` +
            `the hub had made ${grouped(cut.heldByHub)} events durable`,
        );
      }
      await sleep(200);
    }
  })();
  const ran = await ended;
  await watching;
  await watcher.close();
  stage.check("sync says that it is done", ran.status === 0, `exit ${ran.status}`);
  if (ran.status !== 0) stage.note(ran.stderr.trim());
  return { summary: summaryOf<SyncJson>(ran), cut };
}

/** The hub's count once it no longer grows: what was on its way to disk at the cut has arrived there. */
async function settledCount(hub: { status(): Promise<StatusJson> }): Promise<number> {
  let last = -1;
  for (;;) {
    const { walRecords } = await hub.status();
    if (walRecords === last) return walRecords;
    last = walRecords;
    await sleep(250);
  }
}

async function proveBothLogs(scene: Scene, events: readonly ClinicEvent[]): Promise<void> {
  const { stage, hubDir, clinicDir } = scene;
  stage.step("4. Proof from both logs");
  const [atClinic, atHub] = await Promise.all([auditOf(clinicDir), auditOf(hubDir)]);
  const hashes = events.map(({ payload }) => createHash("sha256").update(payload).digest("hex"));
  for (const [name, rows] of [
    ["clinic", atClinic],
    ["hub", atHub],
  ] as const) {
    const own = rows.filter(({ node }) => node === "clinic_a");
    const isInOrder = own.every(({ seq }, index) => seq === index + 1);
    const isIntact = own.every(({ sha256 }, index) => sha256 === hashes[index]);
    stage.check(
      `${name}: every event is there once and in order`,
      own.length === events.length && isInOrder,
      `${grouped(own.length)} rows, seq 1 to ${own.at(-1)?.seq ?? 0}`,
    );
    stage.check(`${name}: every payload is byte for byte what was pushed`, isIntact);
  }
  const digests = [atClinic, atHub].map((rows) =>
    createHash("sha256").update(digestOf(rows).join("\n")).digest("hex"),
  );
  stage.check("both logs have one digest", digests[0] === digests[1], digests[1]?.slice(0, 16));
  const verified = await run(["audit", hubDir, "--verify", "--json"]);
  stage.check("the hub's log verifies (CRC, AEAD, chain)", verified.status === 0);
  const status = summaryOf<StatusJson>(await runOk(["status", clinicDir, "--json"]));
  stage.check("nothing is pending at the clinic", status.pending === 0);
}

function proveNothingTwice(
  scene: Scene,
  result: {
    readonly summary: SyncJson;
    readonly cut: CutRecord | undefined;
    readonly count: number;
  },
): void {
  const { stage, hub, link } = scene;
  const { summary, cut, count } = result;
  stage.step("5. Nothing durably received was sent twice");
  stage.check("the connection was cut in mid-transfer", cut !== undefined);
  if (cut === undefined) return;
  const sessions = hub.sessions().filter((session) => session.peer === "clinic_a");
  const [first, ...later] = sessions;
  for (const session of sessions)
    stage.note(
      `session: ${grouped(session.eventsReceived)} events, ` +
        `${grouped(session.bytesReceived)} B in, ${session.endedBy}`,
    );
  const received = (list: typeof sessions) =>
    list.reduce((sum, session) => sum + session.eventsReceived, 0);
  stage.check(
    "the first session brought what the hub held at the cut",
    first?.eventsReceived === cut.heldByHub,
    `${grouped(first?.eventsReceived ?? 0)}`,
  );
  stage.check(
    "the sessions after it brought exactly the rest",
    received(later) === count - cut.heldByHub,
    `${grouped(received(later))} = ${grouped(count)} - ${grouped(cut.heldByHub)}`,
  );
  const connections = link.counters().connections.map(({ upBytes }) => upBytes);
  const [upBefore = 0, ...upAfter] = connections;
  const bytesAfter = upAfter.reduce((sum, bytes) => sum + bytes, 0);
  const share = (count - cut.heldByHub) / cut.heldByHub;
  const allowed = Math.round(upBefore * share * 1.1) + resumeBytesMax;
  stage.check(
    "the bytes on the link say the same",
    bytesAfter <= allowed,
    `${grouped(upBefore)} B before the cut, ${grouped(bytesAfter)} B after it, at most ${grouped(allowed)}`,
  );
  stage.check("the clinic counts every event as confirmed", summary.eventsConfirmed === count);
}

/** Bytes that came out at the far ends of the link; the sockets' buffers may have taken more. */
interface Carried {
  readonly up: number;
  readonly down: number;
}

function carriedBy(link: Link): Carried {
  const { upBytes, downBytes } = link.counters();
  return { up: upBytes, down: downBytes };
}

async function syncTenMore(
  scene: Scene,
  more: readonly ClinicEvent[],
  heldBefore: number,
): Promise<Carried & { readonly ms: number }> {
  const { stage, hubDir, clinicDir, link } = scene;
  stage.step("6. Ten more visits, and another sync");
  const json = more.map(({ payload }) => payload).join("\n");
  await runOk(["push", clinicDir, "--stdin", "--type", "2"], { input: `${json}\n` });
  const before = carriedBy(link);
  const ran = await run(["sync", clinicDir, "--hub", link.address, "--json"]);
  const after = carriedBy(link);
  const rows = await auditOf(hubDir);
  stage.check(
    "the hub has them too",
    ran.status === 0 && rows.length === heldBefore + more.length,
    `${grouped(rows.length)} events`,
  );
  const { durationMs } = summaryOf<SyncJson>(ran);
  return { up: after.up - before.up, down: after.down - before.down, ms: durationMs };
}

function showFigures(
  stage: Stage,
  result: {
    readonly events: readonly ClinicEvent[];
    readonly summary: SyncJson;
    readonly carried: Carried;
    readonly delta: Carried & { readonly ms: number };
  },
): void {
  const { events, summary, carried, delta } = result;
  const json = Buffer.from(events.map(({ payload }) => payload).join("\n"));
  const gzipBytes = gzipSync(json).length;
  const per = (bytes: number) => `${(bytes / events.length).toFixed(1)} an event`;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  stage.figures("Figures", [
    ["events", `${grouped(events.length)} visits, ${grouped(json.length)} bytes of JSON`],
    [
      "up",
      `${grouped(carried.up)} bytes over the link, ${per(carried.up)}: TLS, clocks, both sessions`,
    ],
    ["down", `${grouped(carried.down)} bytes`],
    ["time", `${seconds(summary.durationMs)} with the cut, ${summary.attempts} attempts`],
    ["JSON as it is", `${(json.length / carried.up).toFixed(1)} times as much as went up`],
    [
      "gzip of all JSON",
      `${grouped(gzipBytes)} bytes, ${per(gzipBytes)}: no TLS, no clocks, starts over after a cut`,
    ],
    [
      "ten more",
      `${grouped(delta.up)} bytes up, ${grouped(delta.down)} down, ${seconds(delta.ms)}`,
    ],
  ]);
}

function parseOptions(): Options & { readonly keep: boolean } {
  const { values } = parseArgs({
    options: {
      events: { type: "string", default: "5000" },
      seed: { type: "string" },
      cut: { type: "string", default: "rst" },
      keep: { type: "boolean", default: false },
    },
  });
  const { cut } = values;
  const count = Number(values.events);
  if (
    (cut !== "rst" && cut !== "fin" && cut !== "silence") ||
    !Number.isInteger(count) ||
    count < 100
  )
    throw new Error(
      "usage: npm run demo -- [--events N] [--seed N] [--cut rst|fin|silence] [--keep]",
    );
  return { count, cut, seed: Number(values.seed ?? seedFromEnvironment()), keep: values.keep };
}

async function main(): Promise<number> {
  const options = parseOptions();
  const stage = createStage();
  const startMs = performance.now();
  const scratch = await mkdtemp(join(tmpdir(), "zamsync-demo-"));
  const clean = async () => {
    if (options.keep) stage.note(`kept: ${scratch}`);
    else await rm(scratch, { recursive: true, force: true });
  };
  for (const [signal, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.once(signal, () => {
      killAll();
      void clean().finally(() => process.exit(status));
    });
  }
  stage.note(`seed ${options.seed}`);
  try {
    await play(scratch, options, stage);
  } catch (error) {
    stage.check("the demo runs to its end", false, error instanceof Error ? error.message : "");
  } finally {
    killAll();
    await clean();
  }
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  const { failures } = stage;
  stage.step(
    failures.length === 0
      ? `Every check holds. ${seconds} s in all.`
      : `${failures.length} checks FAILED after ${seconds} s: ${failures.join("; ")}`,
  );
  return failures.length === 0 ? 0 : 1;
}

process.exitCode = await main();
