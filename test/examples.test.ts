/** The programs of examples/ do what they say, each in a process of its own. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { waitUntil } from "../lab/command.ts";
import { openTestHub, startTestHub, type TestHub } from "../src/hub/hub.test-fixture.ts";

const root = join(import.meta.dirname, "..");

interface Started {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<number | null>;
}

/** As a user runs it, except that the package's name leads to the sources. */
function start(
  t: TestContext,
  hub: { readonly url: string; readonly token: string },
  args: readonly string[],
): Started {
  const [name = "", ...rest] = args;
  const child = spawn(
    process.execPath,
    ["--conditions=zamsync-source", join(root, "examples", name), ...rest],
    { env: { ...process.env, ZAMSYNC_URL: hub.url, ZAMSYNC_TOKEN: hub.token } },
  );
  t.after(() => child.kill("SIGKILL"));
  const texts = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (texts.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (texts.err += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  return { child, out: () => texts.out, err: () => texts.err, ended };
}

function scratch(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "zs-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test("push.ts stores a result once, and says what is wrong in one line", async (t) => {
  const hub = await startTestHub(t);
  const token = await hub.token(["push"]);
  for (const expected of [/^stored: to\/clinic_a\/urgent seq 1$/m, /^was stored before/m]) {
    const ran = start(t, { url: hub.url, token }, ["push.ts", "clinic_a", "12"]);
    assert.equal(await ran.ended, 0, ran.err());
    assert.match(ran.out(), expected);
  }
  assert.equal((await hub.node.pull({})).length, 1);
  const refused = start(t, { url: hub.url, token: "zst_wrong" }, ["push.ts"]);
  assert.equal(await refused.ended, 1);
  assert.match(refused.err(), /^Z330 /);
});

test("follow.ts handles each event once, through a hub that restarts and its own kill -9", async (t) => {
  const first = await startTestHub(t);
  const token = await first.token(["read"]);
  const port = new URL(first.url).port;
  const file = join(scratch(t), "cursor.txt");
  const push = (hub: TestHub, n: number): Promise<unknown> =>
    hub.node.push([{ payload: Buffer.from(`{"n":${n}}`) }]);
  const seen: string[] = [];

  await push(first, 1);
  const reader = start(t, { url: first.url, token }, ["follow.ts", file]);
  await waitUntil(() => reader.out().includes('{"n":1}'), 20_000);
  await first.hub.close();
  await first.node.close();
  const hub = await openTestHub(t, first.dir, { http: `127.0.0.1:${port}` });
  await push(hub, 2);
  await waitUntil(() => reader.out().includes('{"n":2}'), 20_000);
  assert.match(reader.err(), /again in/);
  await waitUntil(() => readFileSync(file, "utf8") === hub.node.newestCursor(), 5000);
  reader.child.kill("SIGKILL");
  await reader.ended;
  seen.push(...reader.out().trim().split("\n"));

  await push(hub, 3);
  const again = start(t, { url: hub.url, token }, ["follow.ts", file]);
  await waitUntil(() => again.out().includes('{"n":3}'), 20_000);
  again.child.kill("SIGTERM");
  assert.equal(await again.ended, 0, again.err());
  seen.push(...again.out().trim().split("\n"));
  assert.deepEqual(
    seen.map((line) => line.split(" ").at(-1)),
    ['{"n":1}', '{"n":2}', '{"n":3}'],
  );
});

test("catch-up.ts lists what is there, and how each node is", async (t) => {
  const hub = await startTestHub(t);
  const token = await hub.token(["read"]);
  await hub.node.push([3, 4, 3].map((type, n) => ({ type, payload: Buffer.from(`{"n":${n}}`) })));
  const ran = start(t, { url: hub.url, token }, ["catch-up.ts", "3"]);
  assert.equal(await ran.ended, 0, ran.err());
  assert.match(ran.out(), /\{"n":0\}\n.*\{"n":2\}\n2 events of type 3\nhub: never seen, \? to get/);
});
