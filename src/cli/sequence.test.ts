/** The whole command with the real engine: the promised sequence, shapes of JSON, signals. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const living = new Set<ChildProcess>();

interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function start(argv: readonly string[]) {
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, [main, ...argv], { env: { PATH } });
  living.add(child);
  const texts = { out: "", err: "" };
  child.stdout.on("data", (chunk) => (texts.out += chunk));
  child.stderr.on("data", (chunk) => (texts.err += chunk));
  const ended = new Promise<Ran>((resolve) => {
    child.on("close", (status) => {
      living.delete(child);
      resolve({ status, ...texts });
    });
  });
  const until = async (pattern: RegExp): Promise<string> => {
    for (let tries = 0; tries < 3000; tries++) {
      const found = pattern.exec(texts.out);
      if (found !== null) return found[1] ?? found[0];
      if (child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`${argv.join(" ")}: no ${pattern}\n${texts.out}${texts.err}`);
  };
  return { child, ended, until };
}

async function zamsync(argv: readonly string[], input = ""): Promise<Ran> {
  const { child, ended } = start(argv);
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  return ended;
}

/** The one JSON object that a command printed, after checking that it succeeded. */
async function json(argv: readonly string[], input = ""): Promise<Record<string, unknown>> {
  const ran = await zamsync([...argv, "--json"], input);
  assert.equal(ran.status, 0, `${argv.join(" ")}\n${ran.out}${ran.err}`);
  assert.equal(ran.err, "");
  assert.equal(ran.out.trim().split("\n").length, 1, ran.out);
  return JSON.parse(ran.out);
}

function hasFields(value: Record<string, unknown>, fields: string): void {
  for (const field of fields.split(" "))
    assert.ok(field in value, `${field} is missing: ${JSON.stringify(value)}`);
}

describe("the sequence of the contract", () => {
  const root = mkdtempSync(join(tmpdir(), "zs-"));
  const hub = join(root, "hub");
  const clinic = join(root, "clinic_a");
  let address = "";
  let served: ReturnType<typeof start>;

  before(async () => {
    assert.equal((await zamsync(["keygen", hub])).status, 0);
    served = start(["serve", "--data-dir", hub, "--bind", "127.0.0.1:0", "--policy", "own"]);
    address = await served.until(/^listening on (127\.0\.0\.1:\d+)$/m);
    assert.equal((await zamsync(["keygen", clinic])).status, 0);
  });

  after(() => {
    for (const child of living) child.kill("SIGKILL");
    rmSync(root, { recursive: true, force: true, maxRetries: 3 });
  });

  it("signs beside the running hub, pushes, syncs, and prints the five lines", async () => {
    const signed = await zamsync(["sign", join(clinic, "tls", "node.csr"), "--ca", hub]);
    assert.equal(signed.status, 0, signed.err);
    const payload = '{"patient_id":"BT-0042","event":"registration"}';
    const pushed = await zamsync(["push", clinic, "--payload", payload]);
    assert.match(pushed.out, /^stored clinic_a seq 1 {2}hlc [0-9a-f]{16} {2}epoch [0-9a-f]{8}\n$/);
    const synced = await zamsync(["sync", clinic, "--hub", address]);
    assert.match(synced.out, /^done {2}with hub\nsent 1, confirmed 1, received 0\n/, synced.err);
    const status = await zamsync(["status", clinic]);
    assert.equal(status.status, 0);
    const lines = [
      /^Node ID: {5}clinic_a$/,
      /^WAL records: 1$/,
      new RegExp(`^Last sync: {3}.+ {2}\\(hub: ${address}\\)$`),
      /^Pending: {5}0 events unsynced$/,
      /^WAL size: {4}.+ \(encrypted\)$/,
    ];
    const printed = status.out.trimEnd().split("\n");
    assert.equal(printed.length, lines.length, status.out);
    for (const [at, line] of lines.entries()) assert.match(printed[at] ?? "", line);
    assert.equal((await zamsync(["pull", hub, "--json"])).out.split("\n").length, 2);
  });

  it("prints the JSON that the contract lists", async () => {
    hasFields(
      await json(["push", clinic, "--payload", "1", "--id", "k"]),
      "node epoch lane seq hlc",
    );
    hasFields(await json(["push", clinic, "--stdin"], "1\n2\n"), "count firstSeq lastSeq");
    hasFields(
      await json(["pull", clinic, "--limit", "1"]),
      "cursor node epoch lane seq hlc ts type payload",
    );
    hasFields(
      await json(["audit", clinic, "--head", "1"]),
      "ts hlc node epoch lane seq type size sha256 chain received",
    );
    hasFields(await json(["audit", clinic, "--verify"]), "checked problems");
    hasFields(
      await json(["status", clinic]),
      "nodeId epoch walRecords walBytes encrypted pending lastSync damaged quarantined vector clock certDaysLeft",
    );
    hasFields(await json(["sync", clinic, "--dry-run"]), "estimate remaining");
    hasFields(
      await json(["sync", clinic]),
      "peer eventsSent eventsConfirmed eventsReceived bytesSent bytesReceived durationMs attempts complete remaining",
    );
    hasFields(
      await json(["ping", clinic, "--count", "1"]),
      "peer tcpMs tlsMs roundTripsMs certDaysLeft clockDifferenceMs",
    );
    hasFields(await json(["peers", clinic]), "peer role address lastSync pendingOut connected");
    const nodes = await zamsync(["nodes", hub, "--json"]);
    for (const line of nodes.out.trim().split("\n"))
      hasFields(JSON.parse(line), "node serial notAfter lastSync");
  });

  it("gives each failure its exit status and code", async () => {
    const cases: readonly (readonly [readonly string[], number, string])[] = [
      [["status", join(root, "none")], 4, "Z305"],
      [["keygen", clinic], 4, "Z304"],
      [["serve", clinic, "--bind", "127.0.0.1:0"], 4, "Z311"],
      [["sync", clinic, "--hub", "127.0.0.1:1", "--timeout", "1s"], 5, "Z4"],
      [["sync", clinic, "--hub", address, "--hub-id", "other", "--timeout", "20s"], 4, "Z3"],
      [["push", clinic, "--payload", "{"], 7, "Z604"],
      [["push", clinic, "--payload", "2", "--id", "k"], 7, "Z602"],
      [["pull", clinic, "--since", "nonsense"], 7, "Z605"],
      [["status", clinic, "--key-file", join(root, "none.key")], 4, "Z302"],
    ];
    for (const [argv, status, code] of cases) {
      const ran = await zamsync([...argv, "--json"]);
      assert.equal(ran.status, status, `${argv.join(" ")}\n${ran.err}`);
      const { error } = JSON.parse(ran.err);
      assert.ok(error.code.startsWith(code), `${argv.join(" ")}: ${error.code}`);
      assert.ok(error.hint.length > 0);
    }
  });

  it("exits 8 when a budget ended the sync, and says what is left", async () => {
    const lines = Array.from({ length: 400 }, (_, at) =>
      JSON.stringify({ at, text: Math.sin(at).toString(36) }),
    );
    assert.equal((await zamsync(["push", clinic, "--stdin"], lines.join("\n"))).status, 0);
    const ran = await zamsync(["sync", clinic, "--max-bytes", "1K", "--json"]);
    assert.equal(ran.status, 8, ran.err);
    const summary = JSON.parse(ran.out);
    assert.equal(summary.complete, false);
    assert.ok(summary.remaining > 0);
    await json(["sync", clinic]);
  });

  it("follows until a signal, and hears of a push by another process", async () => {
    const follower = start(["pull", clinic, "--follow", "--json"]);
    await follower.until(/"seq":1,/);
    await json(["push", clinic, "--payload", '{"live":true}']);
    await follower.until(/"payload":\{"live":true\}/);
    follower.child.kill("SIGINT");
    assert.equal((await follower.ended).status, 0);
  });

  it("keeps what a stopped push --stdin had read", async () => {
    const before = await json(["audit", clinic, "--tail", "1"]);
    const pushing = start(["push", clinic, "--stdin", "--json"]);
    pushing.child.stdin.write('"a"\n"b"\n');
    while ((await json(["audit", clinic, "--tail", "1"])).seq !== Number(before.seq) + 2)
      assert.equal(pushing.child.exitCode, null);
    pushing.child.kill("SIGTERM");
    const ran = await pushing.ended;
    assert.equal(ran.status, 8, ran.err);
    const summary = JSON.parse(ran.out);
    assert.deepEqual([summary.count, summary.complete], [2, false]);
    const last = await json(["audit", clinic, "--tail", "1"]);
    assert.equal(last.seq, summary.lastSeq);
  });

  it("ends quietly when the reader of a long listing goes away", async () => {
    const pulling = start(["pull", clinic, "--json"]);
    pulling.child.stdout.destroy();
    const ran = await pulling.ended;
    assert.deepEqual([ran.status, ran.err], [0, ""]);
  });

  it("syncs as a daemon at once after a push, and stops at a signal", async () => {
    const daemon = start(["daemon", clinic, "--hub", address, "--interval", "1h", "--json"]);
    await daemon.until(/"event":"synced"/);
    await json(["push", clinic, "--payload", '"while the daemon runs"']);
    await daemon.until(
      /"event":"synced".*\n.*"event":"synced","at":"[^"]*","peer":"hub","eventsSent":1,/,
    );
    daemon.child.kill("SIGTERM");
    const ran = await daemon.ended;
    assert.deepEqual([ran.status, ran.err], [0, ""]);
  });

  it("stops serving at a signal, having said a line a session", async () => {
    served.child.kill("SIGTERM");
    const ran = await served.ended;
    assert.equal(ran.status, 0, ran.err);
    assert.match(ran.out, /^\d{4}-.* clinic_a .*sent \d+, received 1, .*done$/m);
    assert.match(ran.err, /^note: .* is a hub from now on$/m);
  });
});
