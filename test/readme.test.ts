/**
 * The README's library example and its curl lines run as they stand, against the source tree.
 */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = new URL("..", import.meta.url);

test("the library example of the README runs and prints its event", async (t) => {
  const readme = await readFile(new URL("README.md", root), "utf8");
  const example = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  assert.ok(example.includes('from "zamsync"'), "the README has an example");
  const dir = await mkdtemp(join(tmpdir(), "zamsync-readme-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const engine = new URL("src/engine/index.ts", root).href;
  await writeFile(join(dir, "example.mjs"), example.replace('"zamsync"', JSON.stringify(engine)));
  const { stdout } = await promisify(execFile)(process.execPath, ["example.mjs"], { cwd: dir });
  assert.match(stdout, /^1 [0-9a-f]{16} 12\n$/);
});

/** A port that nobody has at the moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("the curl lines of the README work as they stand, but for the ports", {
  skip: spawnSync("curl", ["--version"]).status === 0 ? false : "needs curl",
}, async (t) => {
  const readme = await readFile(new URL("README.md", root), "utf8");
  const lines = /```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  assert.ok(lines.includes("curl -N"), "the README has its lines");
  const dir = await mkdtemp(join(tmpdir(), "zs-"));
  t.after(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
  const [http, sync] = [await freePort(), await freePort()];
  const command = [process.execPath, fileURLToPath(new URL("src/cli/main.ts", root))];
  const script = [
    // What a person has, and does while the hub starts: the command, and patience.
    `npx() { shift; case "$1" in serve) exec ${command.join(" ")} "$@" --bind 127.0.0.1:${sync} >/dev/null ;; *) ${command.join(" ")} "$@" ;; esac; }`,
    'curl() { case "$1" in -N) command curl -s --max-time 4 "$@" ;; *) command curl -s --retry 60 --retry-connrefused --retry-delay 1 "$@" ;; esac; echo; }',
    "npx zamsync keygen hub --hub >/dev/null",
    lines.replaceAll("8080", String(http)),
    "kill %1; wait",
  ].join("\n");
  const { stdout } = await promisify(execFile)("bash", ["-c", script], { cwd: dir });
  const [health, pushed, listed, nodes, stream] = stdout.split(/\n(?=\{|retry)/);
  assert.equal(health?.trim(), '{"status":"ok","codes":[]}', stdout);
  assert.match(pushed ?? "", /"lane":"to\/clinic_a","seq":1,.*"repeat":false/);
  assert.match(listed ?? "", /"payload":\{"patient_id":"BT-0042","lab":"negative"\}.*"isEnd":true/);
  assert.match(nodes ?? "", /\{"nodes":\[\{"node":"hub"/);
  assert.match(stream ?? "", /^retry: 2000\n\nid: \S+\ndata: \{.*BT-0042.*\n\n.*event: live/s);
});

test("the curl line of docs/http-api.md for TLS works as it stands, but for the port", {
  skip: spawnSync("curl", ["--version"]).status === 0 ? false : "needs curl",
}, async (t) => {
  const page = await readFile(new URL("docs/http-api.md", root), "utf8");
  const line = /^curl --cacert .*https:\/\/hub\.example\.org:8443\/.*$/m.exec(page)?.[0] ?? "";
  const dir = await mkdtemp(join(tmpdir(), "zs-"));
  t.after(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
  const [http, sync] = [await freePort(), await freePort()];
  const zamsync = [process.execPath, fileURLToPath(new URL("src/cli/main.ts", root))].join(" ");
  const script = [
    `${zamsync} keygen hub --hub >/dev/null`,
    `TOKEN=$(${zamsync} token create --data-dir hub --scope read --quiet)`,
    `${zamsync} serve --data-dir hub --bind 127.0.0.1:${sync} --http 0.0.0.0:${http} --http-name hub.example.org >/dev/null &`,
    // The name leads to this machine, as the operator's DNS would have it.
    `curl() { command curl -s --resolve hub.example.org:${http}:127.0.0.1 --retry 60 --retry-connrefused --retry-delay 1 "$@"; }`,
    line.replace("8443", String(http)),
    "kill %1; wait",
  ].join("\n");
  const { stdout } = await promisify(execFile)("bash", ["-c", script], { cwd: dir });
  assert.match(stdout, /^\{"nodes":\[\{"node":"hub"/, stdout);
});
