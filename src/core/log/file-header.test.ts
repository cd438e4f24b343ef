import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import {
  decodeFileHeader,
  encodeFileHeader,
  type FileHeader,
  headerVersion,
  keyFit,
  keyIdFor,
} from "./file-header.ts";
import { fileHeaderBytes, indexFileName, segmentFileName, segmentFileOf } from "./format.ts";
import { decodeManifest, encodeManifest, type Manifest } from "./manifest.ts";
import { smallCrc, smallCrcOfU32 } from "./small-crc.ts";

const salt = new Uint8Array(16).fill(2);
const keyId = new Uint8Array(8).fill(3);
const header: FileHeader = {
  kind: "segment",
  isEncrypted: true,
  number: 0xfffffffe,
  generation: 5,
  logId: new Uint8Array(16).fill(1),
  salt,
  keyId,
  bodyBytes: 6,
};

/** With a CRC that fits again. */
function resealed(bytes: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const changed = bytes.slice();
  const view = new DataView(changed.buffer);
  change(view);
  view.setUint32(60, smallCrc(changed, 0, 60, 0));
  return changed;
}

describe("a file's header", () => {
  test("comes back for every kind of file, also out of the middle of a buffer", () => {
    for (const kind of ["segment", "manifest", "checkpoint", "index"] as const) {
      for (const isEncrypted of [true, false]) {
        const bytes = encodeFileHeader({ ...header, kind, isEncrypted });
        assert.equal(bytes.length, fileHeaderBytes);
        const wide = new Uint8Array(200);
        wide.set(bytes, 77);
        const back = decodeFileHeader(kind, wide.subarray(77));
        assert.deepEqual(back, { ...header, kind, isEncrypted });
      }
    }
  });

  test("is damaged with any other byte, another kind's magic, or less than all of it", () => {
    const bytes = encodeFileHeader(header);
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.equal(decodeFileHeader("segment", changed), "damaged", `byte ${at}`);
    }
    assert.equal(decodeFileHeader("index", bytes), "damaged");
    assert.equal(decodeFileHeader("segment", bytes.subarray(0, 63)), "damaged");
    assert.equal(decodeFileHeader("segment", new Uint8Array(0)), "damaged");
  });

  test("is unsupported, and says of which version it is, when only that or a flag is not known", () => {
    const bytes = encodeFileHeader(header);
    const later = resealed(bytes, (view) => view.setUint16(4, 0x0102));
    assert.equal(decodeFileHeader("segment", later), "unsupported");
    assert.equal(headerVersion(later), 0x0102);
    const flagged = resealed(bytes, (view) => view.setUint16(6, 2));
    assert.equal(decodeFileHeader("segment", flagged), "unsupported");
  });

  test("tells a key that fits from a wrong one, a missing one, and one that is not needed", () => {
    const key = new Uint8Array(32).fill(9);
    const own = { isEncrypted: true, salt, keyId: keyIdFor(nodeCrypto, key, salt) };
    assert.equal(own.keyId.length, 8);
    assert.equal(keyFit({ crypto: nodeCrypto, dataKey: key }, own), "fits");
    assert.equal(keyFit({ crypto: nodeCrypto, dataKey: new Uint8Array(32) }, own), "wrongKey");
    assert.equal(keyFit({ crypto: nodeCrypto, dataKey: undefined }, own), "needsKey");
    const plain = { ...own, isEncrypted: false };
    assert.equal(keyFit({ crypto: nodeCrypto, dataKey: key }, plain), "isPlaintext");
    assert.equal(keyFit({ crypto: nodeCrypto, dataKey: undefined }, plain), "fits");
  });
});

describe("names of segments", () => {
  test("hold number and generation, and nothing else is one", () => {
    assert.equal(segmentFileName(7), "00000007.seg");
    assert.equal(segmentFileName(7, 12), "00000007-12.seg");
    assert.equal(indexFileName(7), "00000007.idx");
    assert.equal(indexFileName(7, 1), "00000007-1.idx");
    for (const [number, generation] of [
      [1, 0],
      [99_999_999, 999_999_999],
    ] as const) {
      assert.deepEqual(segmentFileOf(segmentFileName(number, generation)), { number, generation });
    }
    const others = [
      "0000007.seg",
      "000000007.seg",
      "00000007.idx",
      "00000007-0.seg",
      "a00000007.seg",
    ];
    for (const name of [...others, "00000007-01.seg", "00000007.seg.tmp", "00000007-.seg", ""]) {
      assert.equal(segmentFileOf(name), undefined, name);
    }
  });
});

describe("the manifest", () => {
  const manifest: Manifest = {
    generation: 9,
    nodeId: "clinic_a",
    segments: [
      { number: 1, generation: 0, sizeBytes: 5000, salt, keyId },
      { number: 4, generation: 2, sizeBytes: 0, salt, keyId },
    ],
  };

  test("comes back whole or not at all", () => {
    const bytes = encodeManifest(manifest);
    assert.deepEqual(decodeManifest(bytes), manifest);
    for (let size = 0; size < bytes.length; size++) {
      assert.equal(decodeManifest(bytes.subarray(0, size)), undefined, `${size} bytes`);
    }
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    assert.equal(decodeManifest(longer), undefined);
  });

  test("names a node and at least one segment, in ascending order", () => {
    const back = (changes: Partial<Manifest>) =>
      decodeManifest(encodeManifest({ ...manifest, ...changes }));
    const [first, second] = manifest.segments;
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(back({ segments: [] }), undefined);
    assert.equal(back({ nodeId: "Not A Node" }), undefined);
    assert.equal(back({ segments: [second, first] }), undefined);
    assert.equal(back({ segments: [first, first] }), undefined);
    assert.equal(back({ segments: [{ ...first, number: 0 }] }), undefined);
    assert.notEqual(back({ segments: [first] }), undefined);
  });
});

describe("smallCrc", () => {
  test("is the CRC-32 of the whole platform, of any part and continued from any seed", () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * 7919) & 0xff);
    assert.equal(smallCrc(bytes, 0, 300, 0), nodeCrypto.crc32(bytes));
    assert.equal(smallCrc(bytes, 3, 77, 0), nodeCrypto.crc32(bytes.subarray(3, 77)));
    assert.equal(smallCrc(bytes, 9, 9, 0), 0);
    const half = smallCrc(bytes, 0, 100, 0);
    assert.equal(smallCrc(bytes, 100, 300, half), nodeCrypto.crc32(bytes));
    for (const value of [0, 1, 0x01020304, 0x80000000, 0xffffffff]) {
      const view = new DataView(new ArrayBuffer(4));
      view.setUint32(0, value);
      const expected = nodeCrypto.crc32(new Uint8Array(view.buffer), half);
      assert.equal(smallCrcOfU32(value, half), expected);
    }
  });
});
