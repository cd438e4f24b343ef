/**
 * SCENARIOS 22: keys at rest. Under umask 022 key files are 0600 and directories
 * 0700; a second keygen, and a sign of another key under a name in use, refuse; an
 * encrypted log takes no plaintext record; swapped, dropped and replayed records
 * are detected. (A tail cut off by hand looks like one that was never written, so only
 * what a peer has confirmed can show it: the clinic here has synced.)
 */
import assert from "node:assert/strict";
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import {
  copyDir,
  describe,
  digest,
  errorOf,
  fingerprint,
  makeFleet,
  patchFile,
  pushAll,
  run,
  runOk,
  scratchDir,
  segmentsOf,
  serveHub,
  statusOf,
  syncOk,
} from "./harness.ts";
import { mapSegment } from "./segment-map.ts";

test("files are private under umask 022", async (t) => {
  const dir = join(await scratchDir(t), "hub");
  const wrapper = ["sh", "-c", 'umask 022; exec "$@"', "sh"];
  await runOk(["keygen", dir, "--hub"], { wrapper });
  await runOk(["push", dir, "--payload", "{}"], { wrapper });
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    const mode = (await stat(path)).mode & 0o777;
    if (entry.isDirectory()) assert.equal(mode, 0o700, path);
    else assert.equal(mode & 0o077, 0, `${path} is ${mode.toString(8)}`);
  }
});

test("a second keygen, and a sign of another key under a name in use, refuse", async (t) => {
  const fleet = await makeFleet(t);
  const files = await fingerprint(fleet.dir);
  const again = await run(["keygen", fleet.clinic("clinic_a"), "--json"]);
  assert.equal(again.status, 4, describe(again));
  assert.match(errorOf(again)?.code ?? "", /^Z3/);
  assert.deepEqual(await fingerprint(fleet.dir), files);

  const impostor = join(await scratchDir(t), "clinic_a");
  await runOk(["keygen", impostor]);
  const csr = join(impostor, "tls", "node.csr");
  const signed = await run(["sign", csr, "--ca", fleet.hub, "--json"]);
  assert.equal(signed.status, 4, describe(signed));
  assert.match(errorOf(signed)?.code ?? "", /^Z3/);
  assert.deepEqual(await fingerprint(fleet.dir), files);
});

/** A synced clinic with ten events of one length each, so that records can be exchanged byte for byte. */
async function logOfTen(t: TestContext, name = "clinic_a"): Promise<string> {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const dir = fleet.clinic(name);
  await pushAll(
    dir,
    Array.from({ length: 10 }, (_, n) => ({ n })),
  );
  const hub = await serveHub(t, fleet.hub);
  await syncOk(dir, hub.address);
  await hub.stop();
  return dir;
}

test("swapped, replayed, erased and dropped records are detected", async (t) => {
  const dir = await logOfTen(t);
  const whole = await digest(dir);
  const tricks: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
    swapped(bytes) {
      const [, second, third] = mapSegment(bytes).filter(({ kind }) => kind === 1);
      assert.ok(second !== undefined && third !== undefined);
      assert.equal(second.to - second.from, third.to - third.from);
      const copy = Buffer.from(bytes);
      bytes.copy(copy, second.from, third.from, third.to);
      bytes.copy(copy, third.from, second.from, second.to);
      return copy;
    },
    replayed(bytes) {
      const [, second, third] = mapSegment(bytes).filter(({ kind }) => kind === 1);
      assert.ok(second !== undefined && third !== undefined);
      const copy = Buffer.from(bytes);
      bytes.copy(copy, third.from, second.from, second.to);
      return copy;
    },
    erased(bytes) {
      const [, second] = mapSegment(bytes).filter(({ kind }) => kind === 1);
      assert.ok(second !== undefined);
      return Buffer.from(bytes).fill(0, second.from, second.to);
    },
    dropped(bytes) {
      const [, second] = mapSegment(bytes).filter(({ kind }) => kind === 1);
      assert.ok(second !== undefined);
      return Buffer.concat([bytes.subarray(0, second.from), bytes.subarray(second.to)]);
    },
  };
  for (const [name, trick] of Object.entries(tricks)) {
    await t.test(name, async (t) => {
      const copy = join(await scratchDir(t), "clinic_a");
      await copyDir(dir, copy);
      const [segment] = await segmentsOf(copy);
      assert.ok(segment !== undefined);
      const tricked = trick(await readFile(segment));
      await writeFile(segment, tricked);
      const verified = await run(["audit", copy, "--verify", "--json"]);
      const status = await run(["status", copy, "--json"]);
      assert.notEqual(status.status, 0, describe(status));
      assert.notEqual(verified.status, 0, describe(verified));
      if (status.status !== 8) return;
      const rows = await digest(copy);
      assert.ok(rows.length < whole.length, "what was tricked with is missing, and said to be");
      assert.ok(
        rows.every((row) => whole.includes(row)),
        "nothing appears that was never written",
      );
    });
  }
});

test("an encrypted log takes no plaintext segment and no foreign one", async (t) => {
  const dir = await logOfTen(t);
  const other = await logOfTen(t, "clinic_b");
  const [segment] = await segmentsOf(dir);
  const [foreign] = await segmentsOf(other);
  assert.ok(segment !== undefined && foreign !== undefined);
  const own = new Set(await digest(dir));

  await t.test("another node's segment", async (t) => {
    const copy = join(await scratchDir(t), "clinic_a");
    await copyDir(dir, copy);
    await writeFile((await segmentsOf(copy))[0] ?? "", await readFile(foreign));
    const ran = await run(["status", copy, "--json"]);
    assert.notEqual(ran.status, 0, describe(ran));
  });

  await t.test("a segment that says it is plaintext", async (t) => {
    const copy = join(await scratchDir(t), "clinic_a");
    await copyDir(dir, copy);
    await patchFile((await segmentsOf(copy))[0] ?? "", (bytes) => {
      bytes.writeUInt16BE(0, 6);
    });
    const ran = await run(["status", copy, "--json"]);
    assert.ok(ran.status !== 0 || (await statusOf(copy)).walRecords === own.size, describe(ran));
    const audit = await run(["audit", copy, "--json"]);
    for (const line of audit.stdout.split("\n").filter((text) => text.includes("sha256")))
      assert.ok(
        [...own].some((row) => row.includes((JSON.parse(line) as { sha256: string }).sha256)),
      );
  });
});
