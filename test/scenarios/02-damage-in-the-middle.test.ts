/**
 * SCENARIOS 2: damage in the middle keeps everything after it.
 *
 * Given 100 acknowledged events that the hub has too; when record 3 rots (a bit of
 * its payload, its length, its sealed seq or its magic, or a sector of zeros);
 * then one damaged range is named, all other events stay readable, the file is not
 * cut, the next push gets a seq above 100, and a sync brings the damaged event back.
 */
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import {
  copyDir,
  digest,
  describe,
  makeFleet,
  numbered,
  patchFile,
  pushAll,
  pushOne,
  run,
  scratchDir,
  segmentsOf,
  serveHub,
  statusOf,
  syncOk,
} from "./harness.ts";
import { mapSegment } from "./segment-map.ts";
import type { RecordPlace } from "./segment-map.ts";

type Damage = (bytes: Buffer, place: RecordPlace) => void;

const eventKind = 1;

function flip(bytes: Buffer, at: number): void {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at);
}

const damages: Readonly<Record<string, Damage>> = {
  "a bit of its payload": (bytes, { to }) => flip(bytes, to - 24),
  "a bit of its length": (bytes, { from }) => flip(bytes, from + 10),
  "a bit of its sealed seq": (bytes, { from }) => flip(bytes, from + 20 + 12 + 9),
  "a bit of its magic": (bytes, { from }) => flip(bytes, from),
  "a sector of 4 KiB": (bytes, { from }) => bytes.fill(0, from, from + 4096),
};

test("a rotten record is named, kept apart, and healed from the hub", async (t) => {
  const fleet = await makeFleet(t);
  const hub = await serveHub(t, fleet.hub);
  await pushAll(fleet.clinic("clinic_a"), numbered(100, "long enough to have a middle of its own"));
  await syncOk(fleet.clinic("clinic_a"), hub.address);
  await hub.stop();
  const whole = await digest(fleet.clinic("clinic_a"));
  assert.equal(whole.length, 100);

  for (const [name, damage] of Object.entries(damages)) {
    await t.test(name, (t) => damageAndHeal(t, { fleetDir: fleet.dir, name, damage, whole }));
  }
});

async function damageAndHeal(
  t: TestContext,
  given: {
    readonly fleetDir: string;
    readonly name: string;
    readonly damage: Damage;
    readonly whole: readonly string[];
  },
): Promise<void> {
  const { name, damage, whole } = given;
  const root = join(await scratchDir(t), "f");
  await copyDir(given.fleetDir, root);
  const dir = join(root, "clinic_a");
  const [segment] = await segmentsOf(dir);
  assert.ok(segment !== undefined);
  const before = await readFile(segment);
  const place = mapSegment(before).filter(({ kind }) => kind === eventKind)[2];
  assert.ok(place !== undefined, "record 3 is found");
  await patchFile(segment, (bytes) => damage(bytes, place));
  assert.notDeepEqual(await readFile(segment), before, "the damage is on disk");

  const status = await statusOf(dir);
  assert.equal(status.exit, 8);
  assert.equal(status.damagedRanges.length, 1, JSON.stringify(status.damagedRanges));
  assert.ok(
    name.includes("sector") ? status.damaged > 1 : status.damaged === 1,
    `${status.damaged}`,
  );
  const readable = await digest(dir);
  assert.equal(readable.length, 100 - status.damaged);
  assert.ok(readable.every((row) => whole.includes(row)));
  const verified = await run(["audit", dir, "--verify", "--json"]);
  assert.notEqual(verified.status, 0, describe(verified));
  assert.ok((await stat(segment)).size >= before.length, "nothing was cut");

  const pushed = await pushOne(dir, { event: "after the damage" });
  assert.ok(pushed.seq > 100, `seq ${pushed.seq}`);
  const hub = await serveHub(t, join(root, "hub"));
  await syncOk(dir, hub.address);
  const healed = await digest(dir);
  assert.ok(
    whole.every((row) => healed.includes(row)),
    "the damaged event is back",
  );
  assert.equal(healed.length, 101);
  const after = await statusOf(dir);
  assert.equal(after.damaged, 0);
  assert.ok(after.vector.every(({ holes }) => holes.length === 0));
  assert.deepEqual(await digest(join(root, "hub")), healed);
}
