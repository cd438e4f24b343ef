/**
 * Files and frames of format version 1, written when it was declared
 * (`test/fixtures/generate.ts`), open for ever; a version that is newer than this
 * code is refused with a code, and nothing is changed.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { hexToBytes } from "../src/core/bytes.ts";
import { decodeFrame } from "../src/core/codec/decode-frame.ts";
import { encodeFrame } from "../src/core/codec/encode-frame.ts";
import { FrameReader } from "../src/core/codec/frame-reader.ts";
import { ZamError } from "../src/core/errors/zam-error.ts";
import type { Log } from "../src/core/log/api.ts";
import { openLog } from "../src/core/log/open.ts";
import { smallCrc } from "../src/core/log/small-crc.ts";
import { RawPeer } from "../src/core/session/raw-peer.test-kit.ts";
import { digestOf, settle, type TestNode } from "../src/core/session/session.test-kit.ts";
import { installBundle, openNode, restoreNode } from "../src/engine/index.ts";
import { nodeCrypto } from "../src/storage/node-crypto.ts";
import { NodeStore } from "../src/storage/node-store.ts";
import { openSealedFolder } from "../src/storage/sidecar.ts";
import { MemoryStore } from "../src/testing/memory-store.ts";
import { readFiles, textToFiles, writeFiles } from "./fixtures/folder-text.ts";
import { digestOfLog, digestOfNode, logInput } from "./fixtures/reading.ts";

const fixtures = fileURLToPath(new URL("fixtures/v1/", import.meta.url));
const startMs = 1_760_000_000_000;

const textOf = (name: string): string => readFileSync(join(fixtures, name), "utf8");
const linesOf = (name: string): readonly string[] => textOf(name).trimEnd().split("\n");
const filesOf = (name: string) => textToFiles(textOf(`${name}.files.txt`));

function scratch(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "zv-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function folderOf(t: TestContext, name: string): string {
  const dir = join(scratch(t), name);
  writeFiles(dir, filesOf(name));
  return dir;
}

function memoryOf(name: string): MemoryStore {
  const store = new MemoryStore({ syncs: "queued" });
  store.makeFolder("set-aside");
  for (const [file, bytes] of filesOf(name)) store.overwrite(file, bytes);
  return store;
}

function verified(log: Log): void {
  const problems: string[] = [];
  const walk = log.verify(({ problem, segment, offset }) =>
    problems.push(`${segment}:${offset} ${problem}`),
  );
  while (walk.step());
  assert.deepEqual(problems, []);
}

test("a hub and a clinic of version 1 open, hold what they held, and sync", async (t) => {
  const hub = await openNode({ dataDir: folderOf(t, "hub") });
  const clinicDir = folderOf(t, "clinic");
  const clinic = await openNode({ dataDir: clinicDir });
  try {
    for (const [node, name] of [
      [hub, "hub"],
      [clinic, "clinic"],
    ] as const) {
      assert.deepEqual(await digestOfNode(node), linesOf(`${name}.events.txt`));
      assert.deepEqual((await node.verify()).problems, []);
      const { damaged, alarms, encrypted } = await node.status();
      assert.deepEqual([damaged, alarms, encrypted], [0, [], true]);
    }
    const [repeat] = await clinic.push([
      {
        payload: new TextEncoder().encode(
          '{"patient_id":"BT-100","event":"visit","n":100,"note":"fever, follow up in two weeks"}',
        ),
        id: "after-the-sync",
      },
    ]);
    assert.equal(repeat?.isRepeat, true, "its ids are still known");
    const server = await hub.serve({ bind: "127.0.0.1:0" });
    const summary = await clinic.sync({ hub: server.address });
    assert.deepEqual(
      [summary.complete, summary.eventsConfirmed, summary.eventsReceived],
      [true, 1, 0],
    );
  } finally {
    await clinic.close();
    await hub.close();
  }
  const bundlePath = join(scratch(t), "bundle");
  writeFileSync(bundlePath, textOf("bundle.txt"));
  assert.equal((await installBundle({ bundlePath, dataDir: clinicDir })).nodeId, "clinic_a");
});

for (const [name, input] of Object.entries(logInput)) {
  test(`a ${name} log of version 1, with indexes and checkpoints, opens and goes on`, (t) => {
    const open = (): Log =>
      openLog({ ...input, store: new NodeStore(dir), crypto: nodeCrypto, confirmed: [] }).log;
    const dir = folderOf(t, name);
    const log = open();
    const expected = linesOf(`${name}.events.txt`);
    assert.deepEqual(digestOfLog(log), expected);
    verified(log);
    log.push([{ lane: "", type: 1, payload: Uint8Array.of(1) }], startMs + 5, (error) =>
      assert.equal(error, undefined),
    );
    log.close();
    const again = open();
    assert.equal(digestOfLog(again).length, expected.length + 1);
    again.close();
  });
}

for (const name of ["rehomed-clinic", "rehomed-hub"]) {
  test(`a log of version 1 with a re-homed branch and healed damage opens: ${name}`, () => {
    const id = name === "rehomed-hub" ? "hub" : "clinic_a";
    const store = memoryOf(name);
    const base = { store, crypto: nodeCrypto, nodeId: id, wallMs: startMs, confirmed: [] };
    const { log, recovery } = openLog(base);
    assert.deepEqual(recovery.reports, []);
    const node: TestNode = { id, role: "clinic", log, store, states: new Map() };
    assert.deepEqual(digestOf(node), linesOf(`${name}.events.txt`));
    assert.equal(log.damages.length, 0);
    verified(log);
  });
}

test("a snapshot of version 1 is restored", async (t) => {
  const dir = scratch(t);
  writeFiles(dir, textToFiles(textOf("snapshot.txt")));
  const keyFile = join(dir, "data.key");
  writeFileSync(keyFile, filesOf("clinic").get("keys/data.key") ?? new Uint8Array(0));
  const dataDir = join(dir, "clinic_a");
  const restored = await restoreNode({ path: join(dir, "clinic_a.zsnap"), dataDir, keyFile });
  const expected = linesOf("clinic.events.txt");
  assert.deepEqual([restored.events, restored.problems], [expected.length, 0]);
  const node = await openNode({ dataDir, keyFile });
  assert.deepEqual(await digestOfNode(node), expected);
  await node.close();
});

for (const [name, ends] of [
  ["session-to-hub.txt", { sender: "clinic_a", receiver: "hub" }],
  ["session-to-clinic.txt", { sender: "hub", receiver: "clinic_a" }],
] as const) {
  test(`the frames of ${name} are read, and written alike`, () => {
    const reader = new FrameReader();
    const types = new Set<string>();
    for (const line of linesOf(name)) {
      reader.append(hexToBytes(line) ?? new Uint8Array(0));
      for (let cut = reader.next(); cut.kind === "frame"; cut = reader.next()) {
        const bytes = cut.bytes.slice();
        const frame = decodeFrame(bytes, ends);
        assert.ok(frame.type !== "problem", JSON.stringify(frame));
        types.add(frame.type);
        const whole = encodeFrame(frame, ends);
        assert.deepEqual(whole.slice(whole.length - bytes.length), bytes);
      }
    }
    assert.ok(types.size >= 5, [...types].join());
  });
}

test("a clinic of version 1 is served: its frames, played to a hub, bring its events", () => {
  const store = memoryOf("session-hub");
  const base = { store, crypto: nodeCrypto, nodeId: "hub", wallMs: startMs, confirmed: [] };
  const hub: TestNode = {
    id: "hub",
    role: "hub",
    log: openLog(base).log,
    store,
    states: new Map(),
  };
  const before = digestOf(hub).length;
  const peer = new RawPeer(hub, "clinic_a");
  for (const line of linesOf("session-to-hub.txt"))
    if (!peer.isClosed) peer.bytes(hexToBytes(line) ?? new Uint8Array(0));
  settle(hub);
  assert.equal(peer.closedBy, undefined);
  const expected = linesOf("session-hub.events.txt");
  assert.deepEqual(digestOf(hub), expected);
  assert.ok(expected.length > before, "something came");
});

/** A file header's version field, with its checksum made right again. */
function asVersion2(header: Uint8Array): Uint8Array {
  const bytes = header.slice();
  const view = new DataView(bytes.buffer);
  view.setUint16(4, 2);
  view.setUint32(60, smallCrc(bytes, 0, 60, 0));
  return bytes;
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ZamError) return error.code;
    throw error;
  }
  return "nothing";
}

test("log files of version 2 are refused with Z203, and stay as they are", (t) => {
  for (const names of [["manifest", "manifest-copy"], ["manifest"]]) {
    const dir = folderOf(t, "sealed");
    for (const name of names)
      writeFileSync(join(dir, name), asVersion2(readFiles(dir).get(name) ?? new Uint8Array(64)));
    const before = readFiles(dir);
    const open = (): unknown =>
      openLog({
        ...logInput.sealed,
        store: new NodeStore(dir),
        crypto: nodeCrypto,
        confirmed: [],
      });
    assert.equal(codeOf(open), "Z203", names.join());
    assert.deepEqual(readFiles(dir), before);
  }
});

test("a node of version 2 is refused as a whole: nothing in its directory changes", async (t) => {
  const dir = folderOf(t, "clinic");
  for (const name of ["log/manifest", "log/manifest-copy", "log/00000001.seg"])
    writeFileSync(join(dir, name), asVersion2(readFiles(dir).get(name) ?? new Uint8Array(64)));
  const before = readFiles(dir);
  await assert.rejects(openNode({ dataDir: dir }), { code: "Z203" });
  const after = readFiles(dir);
  after.delete("lock");
  assert.deepEqual(after, before);
});

test("a sidecar, a snapshot and a data key of version 2 are refused, each with its code", async (t) => {
  const dir = folderOf(t, "clinic");
  const sidecar = Uint8Array.from(readFiles(dir).get("peers/hub.peer") ?? []);
  sidecar[4] = 2;
  const crcAt = 4 + 1 + 3 + 16 + 8 + 12;
  new DataView(sidecar.buffer).setUint32(crcAt, nodeCrypto.crc32(sidecar.subarray(0, crcAt)));
  writeFileSync(join(dir, "peers/hub.peer"), sidecar);
  const dataKey = new Uint8Array(32);
  const directory = join(dir, "peers");
  const peers = openSealedFolder({ directory, dataKey, crypto: nodeCrypto, isReadOnly: true });
  assert.equal(
    codeOf(() => peers.read("hub.peer")),
    "Z203",
  );

  const snapshot = textToFiles(textOf("snapshot.txt")).get("clinic_a.zsnap") ?? new Uint8Array(0);
  snapshot[5] = 2;
  const path = join(dir, "clinic_a.zsnap");
  writeFileSync(path, snapshot);
  const dataDir = join(scratch(t), "restored");
  const keyFile = join(dir, "keys", "data.key");
  await assert.rejects(restoreNode({ path, dataDir, keyFile }), { code: "Z203" });

  const key = readFileSync(keyFile, "utf8");
  writeFileSync(keyFile, key.replace("zamsync-key-1", "zamsync-key-2"));
  await assert.rejects(openNode({ dataDir: dir }), { code: "Z303" });
});

test("a peer that speaks version 2 only is told so", () => {
  const store = memoryOf("session-hub");
  const base = { store, crypto: nodeCrypto, nodeId: "hub", wallMs: startMs, confirmed: [] };
  const hub: TestNode = {
    id: "hub",
    role: "hub",
    log: openLog(base).log,
    store,
    states: new Map(),
  };
  const before = digestOf(hub);
  const peer = new RawPeer(hub, "clinic_a").hello({ version: 2, versionOldest: 2 });
  assert.match(peer.closedBy?.code ?? "", /^Z5/);
  assert.deepEqual(
    peer.framesOf("error").map(({ code }) => code > 500),
    [true],
  );
  assert.deepEqual(digestOf(hub), before);
});
