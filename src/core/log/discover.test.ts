/** Which files are the log: found again when the lists of them are damaged, old or gone. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import {
  create,
  cutAndReclaim,
  digest,
  event,
  mapsEqual,
  open,
  pushMany,
  pushNow,
} from "./log.test-kit.ts";

const sizes = { segmentBytes: 1500 };

function segments(store: MemoryStore): readonly string[] {
  return store
    .list()
    .filter((name) => name.endsWith(".seg"))
    .sort();
}

/** A log of several segments, and its manifest as it was when it had one. */
function grown() {
  const store = new MemoryStore();
  const log = create(store, sizes);
  pushMany(log, 3);
  const early = store.dump().get("manifest");
  assert.ok(early !== undefined);
  pushMany(log, 60, 4);
  const whole = digest(log);
  assert.ok(segments(store).length > 3, "it has rolled");
  return { store, log, early, whole };
}

describe("a log is found", () => {
  test("by an old copy of its manifest and the segments behind that", () => {
    for (const isClosed of [true, false]) {
      const { store, log, early, whole } = grown();
      if (isClosed) log.close();
      const disk = isClosed ? store.copy() : store.kill();
      disk.overwrite("manifest", new Uint8Array(10));
      disk.overwrite("manifest-copy", early);
      const { log: found } = open(disk, sizes);
      mapsEqual(digest(found), whole);
      assert.deepEqual(found.damages, []);
      assert.equal(pushNow(found, event("next"))[0]?.seq, 64);
      found.close();
      mapsEqual(digest(open(disk.copy(), sizes).log), digest(found));
    }
  });

  test("by the copy of its manifest alone, and writes the other anew", () => {
    const { store, log, whole } = grown();
    log.close();
    const disk = store.copy();
    disk.overwrite("manifest", new Uint8Array(0));
    mapsEqual(digest(open(disk, sizes).log), whole);
    const repaired = disk.copy();
    repaired.overwrite("manifest-copy", new Uint8Array(0));
    mapsEqual(digest(open(repaired, sizes).log), whole);
  });

  test("without manifests, when its last segment is gone as well and the one before was written anew", () => {
    const { store, log, whole } = grown();
    cutAndReclaim(log, 54);
    log.close();
    const last = segments(store).at(-1);
    for (const name of store.list())
      if (name === last || /^(manifest|checkpoint)/.test(name)) store.remove(name);
    assert.match(segments(store).at(-1) ?? "", /^\d{8}-1\.seg$/);
    const { log: found } = open(store, sizes);
    const held = digest(found);
    assert.ok(held.size > 5, "all that is in the segments that are left");
    for (const [name, sha] of held) assert.equal(sha, whole.get(name));
    assert.deepEqual(found.damages, []);
    pushNow(found, event("next"));
    const after = digest(found);
    mapsEqual(digest(open(store.kill(), sizes).log), after);
  });

  test("without segments of another log that lie in its directory, whatever their number", () => {
    const { store, log, early, whole } = grown();
    log.close();
    const stranger = new MemoryStore();
    const other = create(stranger, sizes);
    pushMany(other, 60);
    other.close();
    const bytes = stranger.dump().get("00000002.seg");
    assert.ok(bytes !== undefined);
    const file = stranger.dump().get("00000001.seg");
    assert.ok(file !== undefined);
    for (const manifest of [early, new Uint8Array(10)]) {
      const disk = store.copy();
      disk.overwrite("manifest", new Uint8Array(10));
      disk.overwrite("manifest-copy", manifest);
      const name = "00000099.seg";
      const opened = disk.open(name, "create");
      opened.write(0, bytes);
      opened.close();
      const found = digest(open(disk, sizes).log);
      mapsEqual(found, whole);
    }
  });

  test("and a segment that is gone is damage, also when it was the last", () => {
    const { store } = grown();
    const last = segments(store).at(-1) ?? "";
    const disk = store.kill();
    disk.remove(last);
    const { log: found } = open(disk, sizes);
    assert.ok(found.damages.length > 0 || found.recordCount < 63);
    const [pushed] = pushNow(found, event("next"));
    assert.ok(pushed !== undefined && found.recordCount > 30);
  });

  test("not at all where no header tells of it, and then says so and changes nothing", () => {
    const store = new MemoryStore();
    const log = create(store, sizes);
    pushMany(log, 3);
    log.close();
    for (const manifestByte of [20, 80]) {
      const disk = store.copy();
      for (const name of ["manifest", "manifest-copy"]) disk.flip(name, manifestByte);
      disk.flip("00000001.seg", 20);
      const before = disk.dump();
      assert.throws(() => open(disk, sizes), { code: "Z202" });
      assert.deepEqual(disk.dump(), before);
    }
  });
});
