import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "../../../testing/seeded-random.ts";
import { ByteWriter, bytesToHex, textToUtf8, utf8ToText } from "../../bytes.ts";
import { readUuid, ringCount, UuidRing, uuidBytes, writeUuid } from "./uuid-ring.ts";

test("a UUID is its 16 bytes, and back", () => {
  const text = "01234567-89ab-cdef-fedc-ba9876543210";
  const uuid = readUuid(textToUtf8(`xx${text}`), 2);
  assert.equal(bytesToHex(uuid), text.replaceAll("-", ""));
  const out = new ByteWriter();
  writeUuid(out, uuid);
  assert.equal(utf8ToText(out.view()), text);
});

test("the ring tells how many UUIDs came after one, and gives it back for that", () => {
  const random = createSeededRandom(11);
  const ring = new UuidRing();
  const uuids = [1, 2, 3].map(() => random.bytes(uuidBytes));
  assert.equal(ring.distanceOf(new Uint8Array(uuidBytes)), -1);
  assert.equal(ring.atDistance(0), undefined);
  for (const uuid of uuids) ring.add(uuid);
  assert.deepEqual(
    uuids.map((uuid) => ring.distanceOf(uuid)),
    [2, 1, 0],
  );
  assert.deepEqual(
    [2, 1, 0].map((distance) => ring.atDistance(distance)),
    uuids,
  );
  assert.equal(ring.atDistance(3), undefined);
  assert.equal(ring.distanceOf(random.bytes(uuidBytes)), -1);
  const almost = Uint8Array.from(uuids[0] ?? []);
  almost[uuidBytes - 1] = (almost[uuidBytes - 1] ?? 0) ^ 1;
  assert.equal(ring.distanceOf(almost), -1);
});

test("what is given back is a copy", () => {
  const ring = new UuidRing();
  ring.add(new Uint8Array(uuidBytes));
  ring.atDistance(0)?.fill(7);
  assert.deepEqual(ring.atDistance(0), new Uint8Array(uuidBytes));
});

test("the ring holds the last 1,024, however many came", () => {
  const random = createSeededRandom(12);
  const ring = new UuidRing();
  const uuids: Uint8Array[] = [];
  const checkpoints = [1, 2, 3, 4].flatMap((n) => [
    n * ringCount - 1,
    n * ringCount,
    n * ringCount + 1,
  ]);
  for (let count = 1; count <= ringCount * 4 + 1; count++) {
    const uuid = random.bytes(uuidBytes);
    uuids.push(uuid);
    ring.add(uuid);
    assert.equal(ring.distanceOf(uuid), 0);
    if (!checkpoints.includes(count)) continue;
    const held = Math.min(count, ringCount);
    for (const distance of [0, 1, held >> 1, held - 2, held - 1]) {
      if (distance < 0 || distance >= held) continue;
      const expected = uuids[count - 1 - distance] ?? new Uint8Array(0);
      assert.deepEqual(ring.atDistance(distance), expected, `${count}, ${distance}`);
      assert.equal(ring.distanceOf(expected), distance, `${count}`);
    }
    assert.equal(ring.atDistance(held), undefined);
    const gone = uuids[count - 1 - held];
    if (gone !== undefined) assert.equal(ring.distanceOf(gone), -1);
  }
});
