import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { ZamError } from "../core/errors/zam-error.ts";
import { isNodeId } from "../core/event.ts";
import { decodeDataKey, encodeDataKey, readDataKey } from "./data-key.ts";
import { createIdentity, nearestNodeId, readIdentity } from "./identity.ts";

let dir: string;
const nowMs = Date.UTC(2026, 0, 1);

before(() => {
  dir = mkdtempSync(join(tmpdir(), "zamsync-pki-"));
});
after(() => rmSync(dir, { recursive: true, force: true }));

async function code(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    assert.ok(error instanceof ZamError, String(error));
    return error.code;
  }
  return "none";
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) =>
    join(folder, name),
  );
}

describe("keygen", () => {
  test("makes files of 0600 in directories of 0700 whatever the umask", async () => {
    for (const mask of [0o022, 0o000, 0o077]) {
      const before = process.umask(mask);
      const node = join(dir, `mask-${mask}`, "hub");
      try {
        await createIdentity({ dir: node, role: "hub", nowMs });
      } finally {
        process.umask(before);
      }
      const paths = filesBelow(node);
      assert.ok(paths.length >= 12);
      for (const path of [node, ...paths]) {
        const stat = statSync(path);
        assert.equal(stat.mode & 0o777, stat.isDirectory() ? 0o700 : 0o600, path);
      }
      assert.deepEqual(
        paths.filter((path) => path.endsWith(".tmp") || path.endsWith(".new")),
        [],
      );
    }
  });

  test("takes the directory's name as id, and refuses an illegal one with the nearest legal", async () => {
    const identity = await createIdentity({ dir: join(dir, "clinic_a"), nowMs });
    assert.equal(identity.nodeId, "clinic_a");
    assert.deepEqual(readIdentity(join(dir, "clinic_a")), identity);
    const text = readFileSync(join(dir, "clinic_a", "node.json"), "utf8");
    assert.match(text, /^\{"nodeId":"clinic_a","epoch":"[0-9a-f]{8}"\}\n$/);
    const illegal = join(dir, "Clinic Ä");
    const error = await createIdentity({ dir: illegal, nowMs }).catch((cause: unknown) => cause);
    assert.ok(error instanceof ZamError);
    assert.equal(error.code, "Z307");
    assert.match(error.hint, /--node-id clinic-a$/);
    assert.equal(existsSync(illegal), false);
  });

  test("refuses a directory that has an identity, and changes no byte", async () => {
    const node = join(dir, "twice");
    await createIdentity({ dir: node, nowMs });
    const content = (): string =>
      filesBelow(node)
        .filter((path) => statSync(path).isFile())
        .map((path) => path + readFileSync(path, "utf8"))
        .join();
    const first = content();
    assert.equal(await code(() => createIdentity({ dir: node, role: "hub", nowMs })), "Z304");
    assert.equal(content(), first);
  });

  test("never overwrites the keys of a node that lost its node.json", async () => {
    const node = join(dir, "lost");
    await createIdentity({ dir: node, nowMs });
    renameSync(join(node, "node.json"), join(node, "elsewhere"));
    const key = readFileSync(join(node, "keys", "data.key"), "utf8");
    assert.equal(await code(() => createIdentity({ dir: node, nowMs })), "Z306");
    assert.equal(readFileSync(join(node, "keys", "data.key"), "utf8"), key);
    const mounted = join(dir, "only-log");
    mkdirSync(join(mounted, "log"), { recursive: true });
    assert.equal(await code(() => createIdentity({ dir: mounted, nowMs })), "Z306");
  });

  test("leaves no identity when it is interrupted, and works when repeated", async () => {
    const node = join(dir, "broken");
    let calls = 0;
    const failing = createIdentity({
      dir: node,
      role: "hub",
      nowMs,
      beforeCommit: () => {
        calls++;
        mkdirSync(join(node, "log"));
        throw new ZamError("Z204", { operation: "the log" });
      },
    });
    assert.equal(await code(() => failing), "Z204");
    assert.equal(calls, 1);
    assert.equal(await code(() => readIdentity(node)), "Z305");
    const seen: boolean[] = [];
    await createIdentity({
      dir: node,
      nowMs,
      beforeCommit: (identity, dataKey) => {
        seen.push(existsSync(join(node, "log")), existsSync(join(node, "ca")));
        assert.equal(identity.nodeId, "broken");
        assert.equal(dataKey.length, 32);
      },
    });
    assert.deepEqual(seen, [false, false], "the leftovers are gone");
    assert.equal(readIdentity(node).nodeId, "broken");
  });

  test("reports a directory it may not write", { skip: process.getuid?.() === 0 }, async () => {
    const locked = join(dir, "locked");
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    assert.equal(await code(() => createIdentity({ dir: join(locked, "n"), nowMs })), "Z321");
  });
});

describe("node.json", () => {
  test("garbage is Z306, absence is Z305", async () => {
    const node = join(dir, "garbage");
    mkdirSync(node);
    assert.equal(await code(() => readIdentity(node)), "Z305");
    assert.equal(await code(() => readIdentity(join(dir, "nowhere"))), "Z305");
    const cases = ["", "{", "null", "[]", '{"nodeId":"A","epoch":"00000000"}', '{"nodeId":"a"}'];
    cases.push('{"nodeId":"a","epoch":"0"}', '{"nodeId":"a","epoch":1}');
    for (const text of cases) {
      writeFileSync(join(node, "node.json"), text);
      assert.equal(await code(() => readIdentity(node)), "Z306", text);
    }
  });
});

describe("a data key", () => {
  const key = Uint8Array.from({ length: 32 }, (_, index) => index);
  const line = encodeDataKey(key);

  test("is one line with a checksum", () => {
    assert.equal(line, "zamsync-key-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 51b2afde\n");
    assert.deepEqual(decodeDataKey(line, "x"), key);
    assert.deepEqual(decodeDataKey(`  ${line.trim()}\r\n`, "x"), key);
  });

  test("with any one character changed, cut short, or any garbage is Z303", async () => {
    for (let at = 0; at < line.length - 1; at++) {
      const changed = line.slice(0, at) + (line[at] === "A" ? "B" : "A") + line.slice(at + 1);
      assert.equal(await code(() => decodeDataKey(changed, "x")), "Z303", changed);
      assert.equal(await code(() => decodeDataKey(line.slice(0, at), "x")), "Z303");
    }
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        assert.throws(() => decodeDataKey(text, "x"), ZamError);
      }),
    );
  });

  test("is looked for where it was named, and nowhere else then", async () => {
    const node = join(dir, "keyed");
    await createIdentity({ dir: node, nowMs });
    const own = readDataKey({ dir: node });
    const other = join(dir, "other.key");
    writeFileSync(other, line);
    const credentials = join(dir, "credentials");
    mkdirSync(credentials);
    const env = { ZAMSYNC_KEY_FILE: other };
    assert.deepEqual(readDataKey({ dir: node, keyFile: other }), key);
    assert.deepEqual(readDataKey({ dir: node, env }), key);
    assert.deepEqual(readDataKey({ dir: node, env: { CREDENTIALS_DIRECTORY: credentials } }), own);
    writeFileSync(join(credentials, "zamsync-key"), line);
    assert.deepEqual(readDataKey({ dir: node, env: { CREDENTIALS_DIRECTORY: credentials } }), key);
    const missing = { ZAMSYNC_KEY_FILE: join(dir, "no-such.key") };
    assert.equal(await code(() => readDataKey({ dir: node, env: missing })), "Z302");
    assert.equal(await code(() => readDataKey({ dir: node, keyFile: dir })), "Z303");
    writeFileSync(join(node, "keys", "data.key"), "x".repeat(10_000));
    assert.equal(await code(() => readDataKey({ dir: node })), "Z303");
  });

  test("that is kept elsewhere is used when it is there, and made when it is not", async () => {
    const keyFile = join(dir, "usb", "a.key");
    let made: Uint8Array | undefined;
    await createIdentity({
      dir: join(dir, "k1"),
      keyFile,
      nowMs,
      beforeCommit: (_identity, key) => {
        made = key;
      },
    });
    assert.deepEqual(readDataKey({ dir: "", keyFile }), made);
    assert.equal(existsSync(join(dir, "k1", "keys")), false);
    let reused: Uint8Array | undefined;
    await createIdentity({
      dir: join(dir, "k2"),
      keyFile,
      nowMs,
      beforeCommit: (_identity, key) => {
        reused = key;
      },
    });
    assert.deepEqual(reused, made);
  });
});

test("the nearest node id is legal for any text", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["Clinic A", "clinic-a"],
    ["_x", "x"],
    ["Büro/3", "buro-3"],
    ["..", "node"],
    ["", "node"],
    ["診療所", "node"],
    ["a".repeat(80), "a".repeat(63)],
  ];
  for (const [text, id] of cases) assert.equal(nearestNodeId(text), id, text);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => assert.ok(isNodeId(nearestNodeId(text)))),
  );
});
