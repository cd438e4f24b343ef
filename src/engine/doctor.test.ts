import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { examine } from "./doctor.ts";
import type { DoctorReport } from "./api.ts";
import { createNode, signNode } from "./identity.ts";
import { openNode } from "./opening.ts";

const root = mkdtempSync(join(tmpdir(), "zs-"));
const hub = join(root, "hub");
const template = join(root, "template");
let copies = 0;

before(async () => {
  await createNode({ dir: hub, isHub: true });
  await createNode({ dir: template, nodeId: "clinic_a" });
  await signNode({ csrPath: join(template, "tls", "node.csr"), hubDir: hub });
  const node = await openNode({ dataDir: template });
  await node.push(events(100));
  await node.close();
  const again = await openNode({ dataDir: template });
  await again.close();
});
after(() => rmSync(root, { recursive: true, force: true }));

function events(count: number) {
  return Array.from({ length: count }, (_, n) => ({ payload: Buffer.from(`{"n":${n}}`) }));
}

function copy(): string {
  copies++;
  const dir = join(root, `copy-${copies}`);
  cpSync(template, dir, { recursive: true, preserveTimestamps: true });
  return dir;
}

/** Every name with size, mode, times and content: what "changes nothing" means. */
function photograph(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .sort()
    .concat(".")
    .map((name) => {
      const path = join(dir, name);
      const { size, mode, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
      const content = lstatSync(path).isFile() ? readFileSync(path).toString("base64") : "";
      return `${name} ${size} ${mode} ${mtimeNs} ${ctimeNs} ${content}`;
    });
}

/** Examines, and asserts that nothing changed by it. */
async function look(dataDir: string, keyFile?: string): Promise<DoctorReport> {
  const before = photograph(dataDir);
  const report = await examine({ dataDir, keyFile });
  assert.deepEqual(photograph(dataDir), before);
  return report;
}

function codes(report: DoctorReport, level?: string): readonly string[] {
  const { findings } = report;
  return findings.filter((f) => level === undefined || f.level === level).map(({ code }) => code);
}

function segment(dir: string): string {
  return join(dir, "log", "00000001.seg");
}

function spoil(path: string, at: number, bytes = [0xff, 0xff]): void {
  const content = readFileSync(path);
  content.set(bytes, at);
  writeFileSync(path, content);
}

/** `examine` as a user who is not root, of a directory whose named parts are only root's. */
async function lookAsOther(dir: string, closed: string): Promise<unknown> {
  const isRoot = process.getuid?.() === 0;
  const module = new URL("./doctor.ts", import.meta.url).href;
  if (isRoot)
    for (const name of [".", ...readdirSync(dir, { recursive: true, encoding: "utf8" })])
      chownSync(join(dir, name), 65534, 65534);
  chmodSync(join(dir, closed), 0);
  if (isRoot) chownSync(join(dir, closed), 0, 0);
  const script = `
    const { examine } = await import(${JSON.stringify(module)});
    if (process.getuid() === 0) process.setuid(65534);
    const said = examine({ dataDir: ${JSON.stringify(dir)} }).catch(({ code }) => ({ code }));
    console.log(JSON.stringify(await said));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  await once(child, "close");
  chmodSync(join(dir, closed), 0o700);
  return JSON.parse(out);
}

describe("doctor", () => {
  test("finds nothing in a healthy node, and touches nothing", async () => {
    const report = await look(copy());
    assert.deepEqual(report.findings, []);
    assert.equal(report.exit, 0);
    assert.equal(report.nodeId, "clinic_a");
    assert.ok(report.checked.some(({ check, result }) => check === "log" && /^100 /.test(result)));
  });

  test("names a damaged record, and what it held", async () => {
    const dir = copy();
    spoil(segment(dir), 2000);
    const report = await look(dir);
    assert.equal(report.exit, 3);
    assert.deepEqual(codes(report), ["Z209"]);
    assert.match(report.findings[0]?.message ?? "", /clinic_a/);
    assert.match(report.findings[0]?.hint ?? "", /sync/);
  });

  test("sees a bit flipped anywhere in a segment, also where no event was", async () => {
    const dir = copy();
    const content = readFileSync(segment(dir));
    const places = [6, 34, 70, 110, 150, 180, 400, 3000, content.length - 30];
    for (const at of places) {
      const bent = Buffer.from(content);
      bent.writeUInt8(bent.readUInt8(at) ^ 0x10, at);
      writeFileSync(segment(dir), bent);
      assert.notDeepEqual((await look(dir)).findings, [], `byte ${at}`);
    }
  });

  test("never advises to run itself", async () => {
    const dir = copy();
    mkdirSync(join(dir, "peers"), { recursive: true });
    writeFileSync(join(dir, "peers", "hub.peer"), "x");
    const report = await look(dir);
    assert.deepEqual(codes(report), ["Z212"]);
    for (const { hint } of report.findings) assert.doesNotMatch(hint, /run zamsync doctor/);
  });

  test("names a torn end as nothing to do", async () => {
    const dir = copy();
    writeFileSync(segment(dir), readFileSync(segment(dir)).subarray(0, -100));
    const report = await look(dir);
    assert.deepEqual(codes(report), ["Z218"]);
    assert.equal(report.exit, 0);
  });

  test("checks what needs no key when the key is another, missing or no key", async () => {
    const other = join(root, "other.key");
    await createNode({ dir: join(root, "another"), keyFile: other });
    const dir = copy();
    spoil(segment(dir), 2000);
    for (const [keyFile, code] of [
      [other, "Z301"],
      [join(root, "absent.key"), "Z302"],
      [segment(dir), "Z303"],
    ] as const) {
      const report = await look(dir, keyFile);
      assert.ok(codes(report, "failure").includes(code), code);
      assert.ok(codes(report, "failure").includes("Z216"), "the CRC of the damaged record");
      assert.equal(report.exit, 3);
    }
    const whole = await look(copy(), other);
    assert.deepEqual(codes(whole), ["Z301"]);
    assert.equal(whole.exit, 4);
  });

  test("tells what this user may not read from defects of the node, and goes on with the rest", async () => {
    chmodSync(root, 0o755);
    assert.deepEqual(await lookAsOther(copy(), "."), { code: "Z321" }, "nothing can be told");
    for (const [closed, expected] of [
      ["keys", "Z321"],
      ["keys/data.key", "Z321"],
      ["tls", "Z321"],
      ["log", "Z211"],
      ["log/manifest", "Z211"],
      ["log/00000001.seg", "Z211"],
      ["node.json", "Z321"],
    ] as const) {
      const report = (await lookAsOther(copy(), closed)) as DoctorReport;
      assert.ok(codes(report).includes(expected), `${closed}: ${JSON.stringify(report)}`);
      assert.ok(report.exit > 0);
      assert.ok(report.checked.some(({ check }) => check === "disk"));
    }
  });

  test("looks at a log that does not open", async () => {
    const noHeads = copy();
    for (const name of ["manifest", "manifest-copy", "00000001.seg"])
      spoil(join(noHeads, "log", name), 60);
    const report = await look(noHeads);
    assert.equal(report.exit, 3);
    assert.ok(codes(report, "failure").includes("Z202"));

    const empty = copy();
    rmSync(join(empty, "log"), { recursive: true });
    assert.deepEqual(codes(await look(empty)), ["Z201"]);

    const noName = copy();
    writeFileSync(join(noName, "node.json"), "{}");
    const nameless = await look(noName);
    assert.ok(codes(nameless, "failure").includes("Z306"));
    assert.ok(nameless.checked.some(({ check }) => check.startsWith("records")));
    assert.equal(nameless.exit, 4);
    await assert.rejects(examine({ dataDir: root }), { code: "Z305" });
  });

  test("tells sidecars that are made again from damage", async () => {
    const dir = copy();
    spoil(join(dir, "log", "manifest-copy"), 70);
    rmSync(join(dir, "log", "reserve"));
    const report = await look(dir);
    assert.deepEqual(codes(report), ["Z219", "Z219"]);
    assert.equal(report.exit, 0);
  });

  test("names leftovers, and what was set aside", async () => {
    const dir = copy();
    writeFileSync(join(dir, "log", "manifest.new"), "half");
    writeFileSync(join(dir, "log", "00000099.seg"), "foreign");
    writeFileSync(join(dir, "node.json.tmp"), "");
    mkdirSync(join(dir, "log", "set-aside"));
    writeFileSync(join(dir, "log", "set-aside", "1-64"), "torn");
    const report = await look(dir);
    assert.deepEqual(codes(report, "note").toSorted(), ["Z217", "Z217", "Z217", "Z221"]);
    assert.equal(report.exit, 0);
  });

  test("checks keys, certificates and peers", async () => {
    const dir = copy();
    chmodSync(join(dir, "tls", "node.key"), 0o644);
    cpSync(join(hub, "tls", "node.crt"), join(dir, "tls", "node.crt"));
    mkdirSync(join(dir, "peers"));
    writeFileSync(join(dir, "peers", "hub.peer"), "garbage");
    const report = await look(dir);
    assert.deepEqual(codes(report, "attention").toSorted(), ["Z212", "Z306", "Z325"]);
    assert.equal(report.exit, 8);
    const unsigned = copy();
    rmSync(join(unsigned, "tls", "node.crt"));
    assert.deepEqual(codes(await look(unsigned)), ["Z313"]);
  });

  test("reads through the process that has the node open", async () => {
    const dir = copy();
    const node = await openNode({ dataDir: dir });
    await node.serveSocket();
    await node.push(events(3));
    const report = await examine({ dataDir: dir });
    assert.equal(report.isRunning, true);
    assert.deepEqual(report.findings, []);
    assert.ok(report.checked.some(({ check, result }) => check === "log" && /^103 /.test(result)));
    await node.close();
  });

  test("says that a process holds the lock and does not answer", async () => {
    const dir = copy();
    const node = await openNode({ dataDir: dir });
    const report = await examine({ dataDir: dir });
    assert.ok(codes(report, "attention").includes("Z222"));
    await node.close();
    assert.equal((await look(dir)).exit, 0, "the lock was not disturbed");
  });
});

test("a lock that another process holds is seen, and not disturbed", async () => {
  const dir = copy();
  const lockModule = new URL("../storage/directory-lock.ts", import.meta.url).href;
  const script = `import { tryLock } from "${lockModule}";
    const lock = tryLock(${JSON.stringify(dir)});
    console.log(lock === undefined ? "no" : "locked");
    process.stdin.on("data", () => { lock?.release(); process.exit(0); });`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", script]);
  await once(holder.stdout, "data");
  const report = await look(dir);
  assert.deepEqual(codes(report), ["Z222"]);
  assert.equal(report.exit, 8);
  await assert.rejects(openNode({ dataDir: dir, lockTimeoutMs: 0 }), { code: "Z207" });
  holder.stdin.write("go");
  await once(holder, "exit");
  assert.equal((await look(dir)).exit, 0);
});

describe("doctor --ack", () => {
  test("clears one alarm for good, and names the open ones to who asks for another", async () => {
    const dir = copy();
    const node = await openNode({ dataDir: dir });
    for (const id of ["fork 1", "fork 2"]) {
      await new Promise<void>((resolve) => {
        const text = `two branches (${id})`;
        node.log.mark({ kind: "alarm", id, code: "Z509", text }, Date.now(), () => resolve());
      });
    }
    await assert.rejects(node.acknowledge("fork 3"), (error) => {
      assert.equal(Reflect.get(Object(error), "code"), "Z107");
      assert.match(String(Reflect.get(Object(error), "hint")), /fork 1, fork 2/);
      return true;
    });
    await node.close();
    const alarmed = await look(dir);
    assert.deepEqual(codes(alarmed, "attention"), ["Z509", "Z509"]);
    assert.match(alarmed.findings[0]?.hint ?? "", /doctor --ack 'fork 1'/);
    assert.equal(alarmed.exit, 8);

    const owner = await openNode({ dataDir: dir });
    const cleared = await owner.acknowledge("fork 1");
    assert.equal(cleared.alarmsLeft, 1);
    await owner.acknowledge("fork 2");
    await assert.rejects(owner.acknowledge("fork 2"), { code: "Z107" });
    await owner.close();
    assert.equal((await look(dir)).exit, 0);
  });
});
