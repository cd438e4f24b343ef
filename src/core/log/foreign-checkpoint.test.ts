/** A checkpoint is believed only beside the records that it saw; its heads are never forgotten. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import { create, digest, epoch, event, mapsEqual, open, pushNow } from "./log.test-kit.ts";

const sizes = { checkpointBytes: 1_000 };
const checkpoints = ["checkpoint-a", "checkpoint-b"];

/** Two cards that were one: a log of 6 events, and what each wrote after it. */
function cards() {
  const image = new MemoryStore();
  const log = create(image);
  for (let i = 1; i <= 6; i++) pushNow(log, event(`common ${i}`));
  log.close();
  const write = (count: number, text: string): MemoryStore => {
    const store = image.copy();
    const { log: card } = open(store, sizes);
    for (let i = 0; i < count; i++) pushNow(card, event(`${text} ${i}`));
    card.close();
    return store;
  };
  return { write };
}

function withCheckpointsOf(from: MemoryStore, to: MemoryStore): MemoryStore {
  const disk = to.copy();
  let count = 0;
  for (const name of checkpoints) {
    if (disk.exists(name)) disk.remove(name);
    const bytes = from.dump().get(name);
    if (bytes === undefined) continue;
    disk.overwrite(name, bytes);
    count++;
  }
  assert.ok(count > 0, "there are checkpoints to bring along");
  return disk;
}

test("that of another card of the same log is discarded, and all that lies here is read", () => {
  const { write } = cards();
  const mine = write(40, "mine");
  const other = write(40, "hers");
  const whole = digest(open(mine.copy(), sizes).log);
  const disk = withCheckpointsOf(other, mine);
  const { log, recovery } = open(disk, sizes);
  mapsEqual(digest(log), whole);
  assert.deepEqual(recovery.reports, [], "both cards were as far");
  assert.equal(pushNow(log, event("next"))[0]?.seq, 47);
  mapsEqual(digest(open(disk.kill(), sizes).log), digest(open(disk.copy(), sizes).log));
});

test("whose head lies beyond the records leaves a hole up to there: those seqs were issued", () => {
  const { write } = cards();
  const mine = write(6, "mine ".repeat(500));
  const ahead = write(60, "a");
  const whole = digest(open(mine.copy(), sizes).log);
  const disk = withCheckpointsOf(ahead, mine);
  const { log, recovery } = open(disk, sizes);
  const [report] = recovery.reports;
  assert.equal(report?.code, "Z213");
  const { to } = report.context;
  assert.ok(typeof to === "number" && to > 40 && to <= 66, `up to ${to}`);
  assert.deepEqual(log.stream(0).holes, [{ from: 13, to }]);
  mapsEqual(digest(log), whole);
  assert.equal(log.ownEpoch, epoch);
  assert.equal(pushNow(log, event("next"))[0]?.seq, to + 1);
  log.close();
  const again = open(disk, sizes);
  assert.deepEqual(again.recovery.reports, [], "said once");
  assert.deepEqual(again.log.stream(0).holes, [{ from: 13, to }]);
});

test("nor is an index believed that another card of the same log wrote for a segment of this number", () => {
  const image = new MemoryStore();
  const small = { ...sizes, segmentBytes: 1_500 };
  create(image, small).close();
  const write = (text: string): MemoryStore => {
    const store = image.copy();
    const { log: card } = open(store, small);
    for (let i = 0; i < 40; i++) pushNow(card, event(`${text} ${i}`));
    card.close();
    return store;
  };
  const mine = write("mine ");
  const other = write("of the other one ".repeat(5));
  const whole = digest(open(mine.copy(), small).log);
  for (const isBare of [false, true]) {
    const disk = mine.copy();
    let count = 0;
    for (const [name, bytes] of other.dump()) {
      if (!name.endsWith(".idx") || !disk.exists(name)) continue;
      disk.overwrite(name, bytes);
      count++;
    }
    assert.ok(count > 2);
    if (isBare) for (const name of checkpoints) if (disk.exists(name)) disk.remove(name);
    const { log, recovery } = open(disk, small);
    mapsEqual(digest(log), whole);
    assert.deepEqual(recovery.reports, []);
    assert.deepEqual(log.damages, []);
  }
});

test("that is cut short, empty, or of another log counts as none", () => {
  const { write } = cards();
  const mine = write(40, "mine");
  const whole = digest(open(mine.copy(), sizes).log);
  const stranger = new MemoryStore();
  const other = create(stranger, sizes);
  for (let i = 0; i < 60; i++) pushNow(other, event(`other ${i}`));
  other.close();
  for (const spoil of [
    (bytes: Uint8Array) => bytes.slice(0, -1),
    (bytes: Uint8Array) => bytes.slice(0, 63),
    () => new Uint8Array(0),
    (_: Uint8Array, name: string) => stranger.dump().get(name) ?? new Uint8Array(1),
  ]) {
    const disk = mine.copy();
    for (const name of checkpoints) {
      const bytes = disk.dump().get(name);
      if (bytes !== undefined) disk.overwrite(name, spoil(bytes, name));
    }
    const { log, recovery } = open(disk, sizes);
    mapsEqual(digest(log), whole);
    assert.deepEqual(recovery.reports, []);
    assert.equal(log.stream(0).head, 46);
  }
});
