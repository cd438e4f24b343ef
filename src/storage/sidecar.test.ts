import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { hexToBytes } from "../core/bytes.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { replaceFile, replaceFileNow } from "./replace-file.ts";
import { openSealedFolder, openSidecar, sealSidecar } from "./sidecar.ts";

const dataKey = new Uint8Array(32).fill(1);
const content = new TextEncoder().encode("confirmed up to 847");

function scratch(): string {
  return mkdtempSync(join(tmpdir(), "zamsync-sidecar-"));
}

function openFolder(
  directory: string,
  change: { dataKey?: Uint8Array; isReadOnly?: boolean } = {},
) {
  return openSealedFolder({ directory, dataKey, crypto: nodeCrypto, isReadOnly: false, ...change });
}

function hasCode(...codes: string[]) {
  return (error: unknown) => error instanceof ZamError && codes.includes(error.code);
}

test("what was written is read back, by this process and the next, and no reader sees it in clear", async () => {
  const directory = join(scratch(), "peers");
  const folder = openFolder(directory);
  assert.deepEqual(folder.list(), []);
  assert.equal(folder.read("hub.peer"), undefined);
  await folder.write("hub.peer", content);
  folder.writeNow("b.peer", new Uint8Array(0));
  assert.deepEqual(folder.read("hub.peer"), content);
  const next = openFolder(directory, { isReadOnly: true });
  assert.deepEqual(next.read("hub.peer"), content);
  assert.equal(next.read("b.peer")?.length, 0);
  assert.deepEqual([...next.list()].sort(), ["b.peer", "hub.peer"]);
  assert.equal(readFileSync(join(directory, "hub.peer")).includes("847"), false);
  assert.equal(statSync(join(directory, "hub.peer")).mode & 0o777, 0o600);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  folder.remove("b.peer");
  assert.deepEqual(folder.list(), ["hub.peer"]);
});

test("the last of many writings wins, whole", async () => {
  const folder = openFolder(scratch());
  const writes = Array.from({ length: 20 }, (_, i) =>
    folder.write("a.peer", new Uint8Array(i * 100).fill(i)),
  );
  await Promise.all(writes);
  assert.deepEqual(folder.read("a.peer"), new Uint8Array(1900).fill(19));
  assert.deepEqual(folder.list(), ["a.peer"]);
});

test("another key is said to be another key, and changes nothing", () => {
  const directory = scratch();
  openFolder(directory).writeNow("a.peer", content);
  const before = readFileSync(join(directory, "a.peer"));
  const wrong = openFolder(directory, { dataKey: new Uint8Array(32) });
  assert.throws(() => wrong.read("a.peer"), hasCode("Z301"));
  assert.deepEqual(readFileSync(join(directory, "a.peer")), before);
});

test("sealed anew under another key, a file keeps what was written last, and a damaged one stays", async () => {
  const directory = join(scratch(), "peers");
  const folder = openFolder(directory);
  for (const name of ["a.peer", "b.peer", "c.peer"]) await folder.write(name, content);
  truncateSync(join(directory, "c.peer"), 60);
  const newKey = new Uint8Array(32).fill(2);
  folder.useKeys({ dataKey: newKey, formerKey: dataKey });
  assert.deepEqual(folder.read("a.peer"), content);
  assert.throws(() => openFolder(directory, { dataKey: newKey }).read("a.peer"), hasCode("Z301"));
  const later = new TextEncoder().encode("confirmed up to 900");
  const writing = folder.write("b.peer", later);
  await folder.sealAnew();
  await writing;
  folder.useKeys({ dataKey: newKey });
  assert.deepEqual(folder.read("a.peer"), content);
  assert.deepEqual(folder.read("b.peer"), later);
  assert.throws(() => openFolder(directory).read("a.peer"), hasCode("Z301"));
  assert.equal(statSync(join(directory, "c.peer")).size, 60);
});

test("a file in another's place is refused", () => {
  const directory = scratch();
  const folder = openFolder(directory);
  folder.writeNow("a.peer", content);
  copyFileSync(join(directory, "a.peer"), join(directory, "b.peer"));
  assert.throws(() => folder.read("b.peer"), hasCode("Z212"));
});

test("every flipped bit and every cut is found", () => {
  const input = { directory: "peers", dataKey, crypto: nodeCrypto };
  const sealed = sealSidecar(input, "a.peer", content);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const bad = sealed.slice();
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.throws(() => openSidecar(input, "a.peer", bad), hasCode("Z212"));
  }
  for (let size = 0; size < sealed.length; size++) {
    assert.throws(() => openSidecar(input, "a.peer", sealed.slice(0, size)), hasCode("Z212"));
  }
});

test("any bytes are refused with a code", () => {
  const input = { directory: "peers", dataKey, crypto: nodeCrypto };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.throws(() => openSidecar(input, "a.peer", bytes), hasCode("Z212"));
    }),
  );
});

test("a newer version is named as such", () => {
  const input = { directory: "peers", dataKey, crypto: nodeCrypto };
  const sealed = sealSidecar(input, "a.peer", content);
  sealed[4] = 2;
  const crc = nodeCrypto.crc32(sealed.subarray(0, 44));
  new DataView(sealed.buffer).setUint32(44, crc);
  assert.throws(() => openSidecar(input, "a.peer", sealed), hasCode("Z203"));
});

test("a giant or strange file in the folder is refused without reading it", () => {
  const directory = scratch();
  const folder = openFolder(directory);
  writeFileSync(join(directory, "a.peer"), "");
  truncateSync(join(directory, "a.peer"), 2 ** 33);
  assert.throws(() => folder.read("a.peer"), hasCode("Z212"));
  mkdirSync(join(directory, "b.peer"));
  assert.throws(() => folder.read("b.peer"), hasCode("Z206", "Z211", "Z212"));
});

test("temporary files of a crash are not listed and are removed at the next opening, by a writer only", () => {
  const directory = scratch();
  const stale = join(directory, ".a.peer.4242-7.tmp");
  writeFileSync(stale, "half");
  assert.deepEqual(openFolder(directory, { isReadOnly: true }).list(), []);
  assert.equal(existsSync(stale), true);
  openFolder(directory);
  assert.equal(existsSync(stale), false);
});

test("a folder opened for reading refuses to write and makes nothing", async () => {
  const directory = join(scratch(), "peers");
  const folder = openFolder(directory, { isReadOnly: true });
  await assert.rejects(folder.write("a.peer", content), hasCode("Z208"));
  assert.throws(() => folder.writeNow("a.peer", content), hasCode("Z208"));
  assert.throws(() => folder.remove("a.peer"), hasCode("Z208"));
  assert.equal(existsSync(directory), false);
});

test("where the node's own folder is gone nothing is put in its place", async () => {
  const node = join(scratch(), "node");
  mkdirSync(node);
  const folder = openFolder(join(node, "peers"));
  rmSync(node, { recursive: true });
  await assert.rejects(folder.write("a.peer", content), hasCode("Z211"));
  assert.equal(existsSync(node), false);
});

test("a replacement that fails leaves the old file and no temporary one", async () => {
  const directory = scratch();
  const path = join(directory, "target");
  mkdirSync(path);
  await assert.rejects(replaceFile(path, content));
  assert.throws(() => replaceFileNow(path, content));
  assert.deepEqual(readdirSync(directory), ["target"]);
  rmSync(directory, { recursive: true });
});

test("the example of docs/format-local.md opens", () => {
  const page = readFileSync(new URL("../../docs/format-local.md", import.meta.url), "utf8");
  const example = /```\n(5a535343[0-9a-f\s]+)```/.exec(page)?.[1];
  assert.ok(example);
  const bytes = hexToBytes(example.replaceAll(/\s/g, ""));
  assert.ok(bytes);
  const input = { directory: "peers", dataKey, crypto: nodeCrypto };
  assert.equal(new TextDecoder().decode(openSidecar(input, "hub.peer", bytes)), "hello");
  assert.throws(() => openSidecar(input, "hub2.peer", bytes), hasCode("Z212"));
});
