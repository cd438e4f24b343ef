/**
 * Random work, crashes and reopenings against a model that is nothing but a map
 * of what was acknowledged. Syncs complete late and in the middle of other work.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MemoryStore } from "../../testing/memory-store.ts";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import type { Log, StoredEvent } from "./api.ts";
import {
  arrivals,
  assertIncludes,
  create,
  digest,
  epoch,
  event,
  open,
  sha,
  streamName,
} from "./log.test-kit.ts";

type Step =
  | {
      readonly kind: "push";
      readonly lane: number;
      readonly count: number;
      readonly size: number;
      readonly id: number;
    }
  | { readonly kind: "receive"; readonly count: number }
  | { readonly kind: "syncs"; readonly count: number }
  | { readonly kind: "epoch" }
  | { readonly kind: "rehome"; readonly back: number }
  | { readonly kind: "full"; readonly room: number }
  | { readonly kind: "close" }
  | { readonly kind: "kill" }
  | { readonly kind: "crash"; readonly seed: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("push" as const),
      lane: fc.nat(1),
      count: fc.integer({ min: 1, max: 5 }),
      size: fc.oneof(fc.nat(300), fc.constant(40_000)),
      id: fc.nat(12),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("receive" as const),
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("syncs" as const),
      count: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("epoch" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rehome" as const), back: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("full" as const), room: fc.nat(2000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("close" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("kill" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("crash" as const), seed: fc.nat() }) },
);

const sizes = { segmentBytes: 4_000, checkpointBytes: 3_000 };
const foreign = peerEvents();

function peerEvents(): readonly StoredEvent[] {
  const log = create(new MemoryStore(), { nodeId: "clinic_b" });
  log.push(
    Array.from({ length: 60 }, (_, i) => event(`foreign ${i}`)),
    1_000_000,
    () => undefined,
  );
  return log.readStream(0, 1, { events: 100, bytes: 1 << 20 });
}

/** One log over a slow disk, and all that it has acknowledged. */
class Run {
  store: MemoryStore;
  log: Log;
  /** By payload hash, since a rehome gives events other names: how many copies are acknowledged. */
  readonly acked = new Map<string, number>();
  readonly issued = new Map<string, string>();
  readonly seqById = new Map<string, string>();
  private counter = 0;

  constructor() {
    const made = new MemoryStore();
    create(made, sizes).close();
    this.store = new MemoryStore({ syncs: "queued" });
    for (const [name, bytes] of made.dump()) this.store.overwrite(name, bytes);
    this.log = open(this.store, sizes).log;
  }

  apply(next: Step): void {
    switch (next.kind) {
      case "push":
        return this.push(next);
      case "receive":
        return this.receive(next.count);
      case "syncs":
        return this.store.runSyncs(next.count);
      case "epoch":
        return this.log.mark({ kind: "newEpoch", reason: "Z507" }, 1, () => undefined);
      case "rehome":
        return this.rehome(next.back);
      case "full":
        this.store.capacityBytes = this.store.usedBytes + next.room;
        return;
      case "close":
        this.store.capacityBytes = Number.POSITIVE_INFINITY;
        this.log.close();
        return this.reopen(this.store);
      case "kill":
        return this.reopen(this.store.kill());
      case "crash":
        return this.reopen(this.store.crash(createSeededRandom(next.seed)));
    }
  }

  private push(next: Extract<Step, { kind: "push" }>): void {
    const lane = next.lane === 0 ? "" : "urgent";
    const events = Array.from({ length: next.count }, () => {
      this.counter++;
      return event(`event ${this.counter} `.padEnd(next.size, "x"), { lane });
    });
    const keyed = {
      ...event(`keyed ${next.id}`, { lane }),
      idempotency: new Uint8Array(16).fill(next.id + 1),
    };
    const pushed = this.log.push([...events, keyed], 1_000_000, (error) => {
      if (error !== undefined) {
        assert.equal(error.code, "Z204");
        this.store.capacityBytes = Number.POSITIVE_INFINITY;
        return;
      }
      pushed.forEach((place, at) => {
        const payload = [...events, keyed][at]?.payload ?? new Uint8Array(0);
        const hash = sha(payload);
        const name = `${streamName(place.stream)}/${place.seq}`;
        if (!place.isRepeat) {
          assert.ok(!this.issued.has(name), `${name} is issued twice`);
          this.issued.set(name, hash);
          this.acked.set(hash, (this.acked.get(hash) ?? 0) + 1);
        }
      });
    });
  }

  private receive(count: number): void {
    const index = this.log.findStream({ node: "clinic_b", epoch, lane: "" });
    const head = index === undefined ? 0 : this.log.stream(index).head;
    const events = foreign.slice(head, head + count);
    const first = events[0];
    const last = events[events.length - 1];
    if (first === undefined || last === undefined) return;
    const range = {
      stream: first.stream,
      from: first.seq,
      events,
      chainBefore8: first.chainBefore.slice(0, 8),
      chainAfter8: last.chain.slice(0, 8),
      receivedFrom: "clinic_b",
      receivedMs: 1_000_000,
    };
    const outcome = this.log.receive(range, (error) => {
      if (error !== undefined) this.store.capacityBytes = Number.POSITIVE_INFINITY;
      else for (const stored of events) this.acked.set(sha(stored.payload), 1);
    });
    assert.ok(outcome.kind === "stored" || outcome.kind === "duplicate", outcome.kind);
  }

  private rehome(back: number): void {
    this.store.capacityBytes = Number.POSITIVE_INFINITY;
    const stream = { node: "clinic_a", epoch: this.log.ownEpoch, lane: "" };
    const index = this.log.findStream(stream);
    const head = index === undefined ? 0 : this.log.stream(index).head;
    if (head === 0) return;
    this.log.mark({ kind: "newEpoch", reason: "Z507" }, 1, () => undefined);
    this.log.mark({ kind: "rehome", stream, from: Math.max(1, head - back) }, 1, () => undefined);
  }

  private reopen(disk: MemoryStore): void {
    this.store = disk;
    this.store.capacityBytes = Number.POSITIVE_INFINITY;
    const opened = open(disk, sizes);
    this.log = opened.log;
    assert.deepEqual(
      opened.recovery.reports.map((report) => report.message),
      [],
    );
    this.check();
  }

  check(): void {
    const held = digest(this.log);
    const copies = new Map<string, number>();
    for (const hash of held.values()) copies.set(hash, (copies.get(hash) ?? 0) + 1);
    for (const [hash, count] of this.acked) {
      assert.ok((copies.get(hash) ?? 0) >= count, `an acknowledged event is gone (${hash})`);
    }
    assert.equal(this.log.damages.length, 0);
    assert.equal(this.log.recordCount, held.size);
    const names = arrivals(this.log);
    assert.equal(names.length, held.size);
    assert.equal(new Set(names).size, names.length);
    for (let id = 1; id <= 13; id++) {
      const hash = sha(new TextEncoder().encode(`keyed ${id - 1}`));
      assert.ok((copies.get(hash) ?? 0) <= 1, "an id stands for one event");
      const found = this.log.findIdempotency(new Uint8Array(16).fill(id));
      if (this.acked.has(hash)) {
        assert.ok(found !== undefined, "an acknowledged id is known");
        assert.equal(held.get(`${streamName(found.stream)}/${found.seq}`), hash);
      }
    }
    let problems = "";
    const verifier = this.log.verify((problem) => {
      problems += JSON.stringify(problem);
    });
    while (verifier.step());
    assert.equal(problems, "");
  }
}

test("whatever happens in whatever order, what was acknowledged is there, once", () => {
  let reopened = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40, size: "max" }), (steps) => {
      const run = new Run();
      for (const next of steps) {
        run.apply(next);
        if (next.kind === "crash" || next.kind === "kill") reopened++;
      }
      run.store.capacityBytes = Number.POSITIVE_INFINITY;
      run.store.runSyncs();
      run.check();
      run.apply({ kind: "close" });
      const once = digest(run.log);
      assertIncludes(digest(open(run.store.copy(), sizes).log), once);
    }),
    { numRuns: Number(process.env.FC_RUNS ?? 60) },
  );
  assert.ok(reopened > 50);
});
