/**
 * Cuts the power at the calls of an operation (operations.ts), opens what is left after
 * several outcomes of each cut, checks it, does the operation again to its end, and checks
 * again. In some of them the power is cut once more, in the recovery or in the repetition.
 *
 * After each: the log opens; what was acknowledged is there with its payload, or its loss
 * was the operation's to make; nothing that was never pushed is there; everything
 * verifies; a new event gets a seq that nobody had; a further opening shows the same.
 */
import assert from "node:assert/strict";
import type { Log } from "../../src/core/log/api.ts";
import { type MemoryStore, SimulatedCrash } from "../../src/testing/memory-store.ts";
import { createSeededRandom, type SeededRandom } from "../../src/testing/seeded-random.ts";
import { type Acked, type Operation, openAny, prepared, push } from "./operations.ts";

export interface Covered {
  readonly operation: string;
  /** Calls that change something or make it durable. */
  readonly calls: number;
  /** Of these, calls at which the power was cut. */
  readonly cuts: number;
  /** Disks that were opened and checked. */
  readonly outcomes: number;
  /** Cuts in what followed a cut. */
  readonly again: number;
}

export function enumerate(
  operation: Operation,
  options: { readonly seed: number; readonly stride: number; readonly outcomes: number },
): Covered {
  const { seed, stride, outcomes } = options;
  const image = prepared(operation);
  const whole = image.store.copy();
  perform(operation, whole, new Map(image.acked), createSeededRandom(seed));
  const calls = whole.operations.length;
  let cuts = 0;
  let checked = 0;
  let again = 0;
  for (let at = seed % stride; at < calls; at += stride) {
    cuts++;
    for (let outcome = 0; outcome < outcomes; outcome++) {
      const acked: Acked = new Map(image.acked);
      const victim = image.store.copy();
      victim.crashAt(at);
      assert.throws(
        () => perform(operation, victim, acked, createSeededRandom(seed)),
        SimulatedCrash,
      );
      const random = createSeededRandom(seed * 1_000_003 + at * 97 + outcome);
      const label = `${operation.name}: cut at ${at} (${whole.operations[at]}), outcome ${outcome}, seed ${seed}`;
      // In one of the outcomes only the process dies: what it wrote is there, and still at risk.
      let disk = outcome === 0 ? victim.kill() : victim.crash(random.fork());
      if (outcome % 2 === 1) {
        disk.crashAt(1 + random.below(40));
        try {
          perform(operation, disk, acked, random.fork());
          disk.crashAt(Number.POSITIVE_INFINITY);
        } catch (error) {
          if (!(error instanceof SimulatedCrash)) throw new Error(label, { cause: error });
          disk = disk.crash(random.fork());
          again++;
        }
      }
      try {
        checkAll(operation, disk, acked, random);
        checked++;
      } catch (error) {
        throw new Error(label, { cause: error });
      }
    }
  }
  return { operation: operation.name, calls, cuts, outcomes: checked, again };
}

function perform(
  operation: Operation,
  store: MemoryStore,
  acked: Acked,
  random: SeededRandom,
): void {
  const log = openAny(store, random);
  operation.run(log, { random, acked });
  log.close();
}

function checkAll(
  operation: Operation,
  disk: MemoryStore,
  acked: Acked,
  random: SeededRandom,
): void {
  const log = openAny(disk, random);
  check(operation, log, acked);
  operation.run(log, { random, acked });
  check(operation, log, acked);
  const heads = new Map<string, number>(
    Array.from({ length: log.streamCount }, (_, index) => {
      const { id, head } = log.stream(index);
      return [`${id.epoch}/${id.lane}`, head] as const;
    }),
  );
  const before = new Set(acked.keys());
  push(log, acked, { lane: "", type: 1, payload: new TextEncoder().encode("after") });
  const added = [...acked.keys()].filter((key) => !before.has(key));
  assert.equal(added.length, 1, "a new event gets a name that nobody had");
  const [epoch, lane, seq] = (added[0] ?? "").split("/");
  assert.ok(Number(seq) > (heads.get(`${epoch}/${lane}`) ?? 0), "above the head");
  const shown = contents(log);
  const again = openAny(disk.kill(), random);
  assert.deepEqual(
    [...contents(again)].sort(),
    [...shown].sort(),
    "another opening shows the same",
  );
  again.close();
}

function check(operation: Operation, log: Log, acked: Acked): void {
  assert.equal(log.readOnlyReason, undefined);
  if (operation.hasDamage !== true) assert.deepEqual(log.damages, [], "a power cut is no damage");
  const shown = contents(log);
  const texts = new Set(acked.values());
  for (const [key, text] of acked)
    if (shown.get(key) !== text)
      assert.ok(operation.mayLose?.(key) === true, `acknowledged ${key} is there with its payload`);
  // What was pushed and not yet acknowledged when the power went may be there as well.
  for (const [key, text] of shown)
    assert.ok(
      acked.has(key) || texts.has(text) || /^(new|tail|large|a|b|c|in|after)/.test(text),
      key,
    );
  let problems = 0;
  const verifier = log.verify(() => problems++);
  while (verifier.step());
  if (operation.hasDamage !== true) assert.equal(problems, 0, "everything verifies");
}

function contents(log: Log): Map<string, string> {
  const found = new Map<string, string>();
  for (let after = 0; ; ) {
    const events = log.readArrivals(after, { events: 50, bytes: 1 << 20 });
    if (events.length === 0) break;
    for (const stored of events) {
      after = stored.ordinal;
      const index = log.findStream(stored.stream) ?? 0;
      const bytes = stored.isFragmented
        ? log.readPayload(index, stored.seq, { offset: 0, sizeBytes: stored.payloadSize })
        : stored.payload;
      found.set(
        `${stored.stream.epoch}/${stored.stream.lane}/${stored.seq}`,
        new TextDecoder().decode(bytes),
      );
    }
  }
  assert.equal(found.size, log.recordCount, "the count of readable events is right");
  return found;
}
