/** The harness can fail: what it claims to find, it finds. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bundleGuest } from "./bundle.ts";
import type { TestResult } from "./guest/node-test.ts";
import { Guest } from "./host.ts";
import { MemoryRoom } from "./memory-room.ts";

const megabyte = 1024 * 1024;

async function resultsOf(code: string): Promise<readonly TestResult[]> {
  const guest = await Guest.create();
  try {
    const entry = `
      import assert from "node:assert/strict";
      import { describe, test } from "node:test";
      import { runAll } from "./test/quickjs/guest/node-test.ts";
      import { host } from "./test/quickjs/guest/host.ts";
      ${code}
      runAll((result) => host.print(JSON.stringify(result)));
    `;
    guest.run(await bundleGuest({ code: entry }));
    return guest.printed.map((line) => JSON.parse(line) as TestResult);
  } finally {
    guest.dispose();
  }
}

describe("the QuickJS harness", () => {
  test("reports what passes and what fails, synchronous and not", async () => {
    const results = await resultsOf(`
      describe("a", () => {
        test("passes", () => assert.deepEqual(new Uint8Array([1, 2]), Uint8Array.of(1, 2)));
        test("fails", () => assert.deepEqual(new Uint8Array([1, 2]), Uint8Array.of(1, 3)));
        test("fails later", async () => { await 0; assert.equal(0, -0); });
      });
      test("misses a throw", () => assert.throws(() => {}, /x/));
      test("another throw", () => assert.throws(() => { throw new Error("y"); }, /x/));
    `);
    assert.deepEqual(
      results.map((result) => [result.name, result.outcome]),
      [
        ["a > passes", "pass"],
        ["a > fails", "fail"],
        ["a > fails later", "fail"],
        ["misses a throw", "fail"],
        ["another throw", "fail"],
      ],
    );
  });

  test("tells deeply different values apart", async () => {
    const results = await resultsOf(`
      const pairs = [
        [{ a: 1 }, { a: 1, b: undefined }], [[1], [1, 2]], [[1], ["1"]], [{}, []],
        [new Map([[1, 2]]), new Map([[1, 3]])], [new Set([1]), new Set([2])],
        [Uint8Array.of(1), Uint16Array.of(1)], [null, undefined], [{ a: { b: [0] } }, { a: { b: [-0] } }],
        [Object.create(null), {}], [new Error("a"), new Error("b")],
      ];
      pairs.forEach(([a, b], at) => {
        test("different " + at, () => assert.deepEqual(a, b));
        test("same " + at, () => assert.deepEqual(a, a));
        test("not different " + at, () => assert.notDeepEqual(a, b));
      });
    `);
    assert.equal(results.length, 33);
    for (const { name, outcome } of results) {
      assert.equal(outcome, name.startsWith("different") ? "fail" : "pass", name);
    }
  });

  test("gives the guest nothing of Node", async () => {
    const names = ["process", "Buffer", "TextEncoder", "require", "setTimeout", "crypto", "URL"];
    const guest = await Guest.create();
    for (const name of names) assert.equal(guest.run(`typeof ${name}`), "undefined", name);
    guest.dispose();
    await assert.rejects(bundleGuest({ code: `import "node:fs";` }), /node:fs/);
  });

  test("bridges the ports byte for byte", async () => {
    const results = await resultsOf(`
      import { nodeCrypto as crypto, nodeCompressor as zstd } from "./src/storage/node-crypto.ts";
      import { bytesToHex as hex } from "./src/core/bytes.ts";
      const abc = Uint8Array.of(97, 98, 99, 100).subarray(0, 3);
      test("sha256", () => {
        const sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert.equal(hex(crypto.sha256(abc)), sum);
        const state = crypto.createSha256();
        state.update(abc.subarray(0, 1));
        state.update(abc.subarray(1));
        assert.equal(hex(state.digest()), sum);
      });
      test("crc32", () => assert.equal(crypto.crc32(abc), 0x352441c2));
      test("aead", () => {
        const key = crypto.importKey(crypto.randomBytes(32));
        const nonce = crypto.randomBytes(12);
        const out = new Uint8Array(25).fill(7);
        crypto.seal(key, { nonce, aad: abc, plaintext: abc }, out, 3);
        const sealed = out.subarray(3, 22);
        assert.deepEqual(crypto.open(key, { nonce, aad: abc, sealed }), Uint8Array.of(97, 98, 99));
        assert.equal(crypto.open(key, { nonce, aad: nonce, sealed }), undefined);
        assert.equal(out[2], 7);
        assert.equal(out[22], 7);
      });
      test("zstd", () => {
        const text = new Uint8Array(1000).fill(65);
        const small = zstd.compress(text, abc, { windowLog: 15, hashLog: 14, chainLog: 15 });
        assert.ok(small.length < 40);
        assert.deepEqual(zstd.decompress(small, { dictionary: abc, sizeBytes: 1000 }), text);
        assert.equal(zstd.decompress(small, { dictionary: abc, sizeBytes: 999 }), undefined);
      });
    `);
    assert.deepEqual(
      results.filter((result) => result.outcome !== "pass"),
      [],
    );
    assert.equal(results.length, 4);
  });
});

describe("MemoryRoom", () => {
  test("holds less than its limit, and refuses more", async () => {
    const room = await MemoryRoom.create(3 * megabyte);
    const guest = await Guest.create({ quickJs: room.quickJs });
    assert.ok(room.peakBytes() < megabyte, `${room.peakBytes()} bytes before anything ran`);
    guest.run("globalThis.a = new Uint8Array(2 * 1024 * 1024).fill(1).length");
    const attempt = (code: string): unknown =>
      guest.run(`(() => { try { ${code}; return "had"; } catch (e) { return String(e); } })()`);
    assert.equal(attempt("new Uint8Array(2 * 1024 * 1024)"), "had");
    assert.match(String(attempt("new Uint8Array(3 * 1024 * 1024)")), /memory/);
    const many = "const list = []; for (;;) list.push(new Uint8Array(100_000).fill(1))";
    assert.match(String(attempt(many)), /memory/);
    assert.ok(room.peakBytes() > 2.8 * megabyte, "the peak shows that the room was full");
    guest.dispose();
    room.dispose();
  });

  test("knows the peak also after it was given back", async () => {
    const room = await MemoryRoom.create(3 * megabyte);
    const guest = await Guest.create({ quickJs: room.quickJs });
    const before = room.peakBytes();
    guest.run("new Uint8Array(1024 * 1024).fill(1).length");
    const after = room.peakBytes();
    assert.ok(after - before > 0.9 * megabyte && after - before < 1.2 * megabyte, `${after}`);
    guest.run("new Uint8Array(512 * 1024).fill(1).length");
    assert.equal(room.peakBytes(), after);
    room.repaint();
    assert.ok(room.peakBytes() < before + 0.1 * megabyte, "what was given back is forgotten");
    guest.run("new Uint8Array(512 * 1024).fill(1).length");
    const half = room.peakBytes() - before;
    assert.ok(half > 0.45 * megabyte && half < 0.7 * megabyte, `${half}`);
    guest.dispose();
    room.dispose();
  });
});
