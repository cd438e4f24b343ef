/**
 * `compact` and `expire` on the small device beside the Node command's: the same of copies
 * of the same directory, each of which the other command has written to before and goes on with.
 */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { dirname } from "node:path";
import { describe } from "node:test";
import {
  digest,
  type Kind,
  makePair,
  type Pair,
  type Product,
  productTests,
  type Summary,
  visits,
} from "./product.ts";
import { variant } from "./runner.ts";

interface Care {
  readonly dropped: number;
  readonly kept: Readonly<Record<string, number>>;
}

interface Status {
  readonly pending: number;
  readonly walRecords: number;
  readonly vector: readonly {
    readonly node: string;
    readonly seq: number;
    readonly floor?: number;
    readonly floorByOrigin?: boolean;
  }[];
}

const otherThan = { edge: "node", node: "edge" } as const;
const test = productTests();

async function syncOnce(made: Product, pair: Pair, kind: Kind): Promise<Summary> {
  const served = await made.serve("node", pair.hub);
  const sync = ["sync", pair.clinic, "--hub", `127.0.0.1:${served.port}`];
  const [summary] = await made.json<Summary>(kind, sync);
  await served.stop();
  assert.ok(summary);
  assert.equal(summary.complete, true);
  return summary;
}

/** 20 visits that the hub has confirmed, and 5 that it has not; by both commands. */
async function makeSynced(made: Product): Promise<Pair> {
  const pair = await makePair(made, "node", "edge");
  await made.json("edge", ["push", pair.clinic, "--stdin"], visits(1, 12));
  await made.json("node", ["push", pair.clinic, "--stdin"], visits(13, 20));
  assert.equal((await syncOnce(made, pair, "edge")).eventsConfirmed, 20);
  await made.json("node", ["push", pair.clinic, "--stdin"], visits(21, 23));
  await made.json("edge", ["push", pair.clinic, "--stdin"], visits(24, 25));
  return pair;
}

function copyOf({ hub, clinic }: Pair, kind: Kind): Pair {
  const base = `${dirname(hub)}-${kind}`;
  cpSync(dirname(hub), base, { recursive: true });
  return { hub: hub.replace(dirname(hub), base), clinic: clinic.replace(dirname(hub), base) };
}

/** Runs on the copy of each command; what it printed must be the same, and is returned. */
async function alike<T>(act: (kind: Kind) => Promise<T>): Promise<T> {
  const edge = await act("edge");
  assert.deepEqual(edge, await act("node"), "both say the same");
  return edge;
}

async function only<T>(made: Product, kind: Kind, args: readonly string[]): Promise<T> {
  const printed = await made.json<T>(kind, args);
  assert.equal(printed.length, 1);
  return printed[0] as T;
}

async function floorsOf(made: Product, kind: Kind, dir: string): Promise<readonly unknown[]> {
  const { vector, pending, walRecords } = await only<Status>(made, kind, ["status", dir]);
  const lines = vector.map(({ node, seq, floor, floorByOrigin }) => ({
    ...{ node, seq, floor, floorByOrigin },
  }));
  return [pending, walRecords, ...lines];
}

describe(`compact and expire on zamsync-edge (${variant})`, { concurrency: 1 }, () => {
  test("a clinic's directory: what no hub has confirmed stays, and its seqs go on", async (made) => {
    const synced = await makeSynced(made);
    const pairs = { edge: copyOf(synced, "edge"), node: copyOf(synced, "node") };
    const clinicOf = (kind: Kind): string => pairs[kind].clinic;
    const all = await digest(made, "node", synced.clinic);
    const unconfirmed = all.filter((row) => Number(row.split(" ")[3]) > 20);
    assert.deepEqual([all.length, unconfirmed.length], [25, 5]);

    const expire = (kind: Kind): Promise<Care> =>
      only(made, kind, ["expire", clinicOf(kind), "--before", "2999-01-01"]);
    const early = await alike(expire);
    assert.equal(early.dropped, 0);
    assert.deepEqual([early.kept.unconfirmed, early.kept.inGrace], [5, 20]);
    const inGrace = await alike((kind) => only<Care>(made, kind, ["compact", clinicOf(kind)]));
    assert.deepEqual([inGrace.dropped, inGrace.kept.inGrace], [0, 20]);
    await alike(async (kind) => assert.deepEqual(await digest(made, kind, clinicOf(kind)), all));

    const compact = (kind: Kind): Promise<Care> =>
      only(made, kind, ["compact", clinicOf(kind), "--grace", "0s"]);
    const compacted = await alike(compact);
    assert.deepEqual([compacted.dropped, compacted.kept.unconfirmed], [20, 5]);

    // From here on each directory is the other command's.
    const [pending, records, line] = await alike((kind) =>
      floorsOf(made, otherThan[kind], clinicOf(kind)),
    );
    assert.deepEqual([pending, records], [5, 5]);
    assert.deepEqual(line, { node: "clinic_a", seq: 25, floor: 20, floorByOrigin: true });
    await alike(async (kind) => {
      const other = otherThan[kind];
      assert.deepEqual(await digest(made, other, clinicOf(kind)), unconfirmed);
      const push = ["push", clinicOf(kind), "--payload", '"goes on"'];
      assert.equal((await only<{ seq: number }>(made, other, push)).seq, 26);
      const summary = await syncOnce(made, pairs[kind], other);
      assert.deepEqual([summary.eventsSent, summary.eventsReceived], [6, 0]);
      const held = await digest(made, "node", pairs[kind].hub);
      assert.deepEqual([held.length, all.filter((row) => !held.includes(row))], [26, []]);
    });
    const rest = await alike((kind) =>
      only<Care>(made, otherThan[kind], ["compact", clinicOf(kind), "--grace", "0s"]),
    );
    assert.deepEqual([rest.dropped, rest.kept.unconfirmed], [6, 0]);

    // And back.
    const [, , emptied] = await alike((kind) => floorsOf(made, kind, clinicOf(kind)));
    assert.deepEqual(emptied, { node: "clinic_a", seq: 26, floor: 26, floorByOrigin: true });
    await alike(async (kind) => {
      const summary = await syncOnce(made, pairs[kind], kind);
      assert.deepEqual([summary.eventsSent, summary.eventsReceived], [0, 0]);
      assert.deepEqual(await digest(made, kind, clinicOf(kind)), []);
      for (const which of ["edge", "node"] as const) {
        const examined = await made.run(which, ["doctor", clinicOf(kind)]);
        assert.equal(examined.status, 0, `${which}: ${examined.stdout}`);
      }
    });
  });

  test("a hub's directory: others' events go by their time, its own stay", async (made) => {
    const synced = await makeSynced(made);
    await made.json("node", ["push", synced.hub, "--stdin"], visits(1, 3));
    const pairs = { edge: copyOf(synced, "edge"), node: copyOf(synced, "node") };
    const expire = (kind: Kind, ...args: readonly string[]): Promise<Care> =>
      only(made, kind, ["expire", pairs[kind].hub, ...args]);

    const none = await alike((kind) => expire(kind, "--before", "2020-01-01"));
    assert.deepEqual([none.dropped, none.kept.tooYoung], [0, 20]);
    const most = ["--before", "2999-01-01", "--min-keep", "8"];
    const dry = await alike((kind) => expire(kind, ...most, "--dry-run"));
    assert.equal(dry.dropped, 12);
    await alike(async (kind) =>
      assert.equal((await digest(made, kind, pairs[kind].hub)).length, 23),
    );
    const some = await alike((kind) => expire(kind, ...most));
    assert.deepEqual([some.dropped, some.kept.toKeep, some.kept.unconfirmed], [12, 8, 3]);
    const merged = await alike((kind) => only<Care>(made, kind, ["compact", pairs[kind].hub]));
    assert.equal(merged.dropped, 0);

    await alike(async (kind) => {
      const other = otherThan[kind];
      const lines = await floorsOf(made, other, pairs[kind].hub);
      assert.ok(
        lines.some((line) => {
          const { node, floor, floorByOrigin } = line as Status["vector"][number];
          return node === "clinic_a" && floor === 12 && floorByOrigin === false;
        }),
        JSON.stringify(lines),
      );
      const summary = await syncOnce(made, pairs[kind], other);
      assert.deepEqual([summary.eventsSent, summary.eventsReceived], [5, 0], "none again");
      assert.equal((await digest(made, other, pairs[kind].hub)).length, 16);
      const examined = await made.run(other, ["doctor", pairs[kind].hub]);
      assert.equal(examined.status, 0, examined.stdout);
      return lines;
    });
  });
});
