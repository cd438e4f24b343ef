/** The former key while a rekey is under way: which of its two copies counts, and what is left when it cannot be written or removed. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import { ZamError } from "../errors/zam-error.ts";
import type { Log, RekeyStep } from "./api.ts";
import { fileName } from "./format.ts";
import {
  create,
  dataKey,
  digest,
  event,
  mapsEqual,
  open,
  pushMany,
  pushNow,
} from "./log.test-kit.ts";

const sizes = { segmentBytes: 2_000 };
const newKey = new Uint8Array(32).fill(9);
const underNew = { ...sizes, dataKey: newKey };
const { formerKey, formerKeyCopy } = fileName;

function filled(): { readonly store: MemoryStore; readonly log: Log } {
  const store = new MemoryStore();
  const log = create(store, sizes);
  pushMany(log, 40);
  return { store, log };
}

/** One step, and what it answered. */
function step(work: { step(done: (step: RekeyStep) => void): void }): RekeyStep {
  const state: { answer: RekeyStep } = { answer: "more" };
  work.step((answer) => {
    state.answer = answer;
  });
  return state.answer;
}

function codeOf(answer: RekeyStep): string {
  return answer instanceof ZamError ? answer.code : answer;
}

/** The store after so many steps, and whatever the whole log held. */
function begun(steps: number): { readonly store: MemoryStore; readonly all: Map<string, string> } {
  const { store, log } = filled();
  const work = log.rekey(newKey);
  for (let at = 0; at < steps; at++) assert.ok(typeof step(work) === "string");
  return { store: store.copy(), all: digest(log) };
}

function refuses(store: MemoryStore, key: Uint8Array): void {
  const before = store.dump();
  assert.throws(() => open(store, { ...sizes, dataKey: key }), { code: "Z301" });
  assert.deepEqual(store.dump(), before, "not one byte changed");
}

describe("of the two copies of the former key", () => {
  test("the second alone means nothing before anything is under the new key", () => {
    const { store, all } = begun(1);
    assert.ok(store.exists(formerKey) && store.exists(formerKeyCopy));
    store.remove(formerKey);
    refuses(store.copy(), newKey);
    const { log, recovery } = open(store, sizes);
    assert.deepEqual(recovery.reports, []);
    mapsEqual(digest(log), all);
    assert.equal(log.isRekeying, false);
  });

  test("the second alone counts as soon as the manifest is under the new key", () => {
    const { store, all } = begun(2);
    store.remove(formerKey);
    refuses(store.copy(), dataKey);
    const { log, recovery } = open(store, underNew);
    assert.deepEqual(recovery.reports, []);
    mapsEqual(digest(log), all);
    assert.equal(log.isRekeying, true);
    const work = log.rekey(undefined);
    for (let steps = 0; steps < 200 && step(work) !== "done"; steps++);
    assert.equal(log.isRekeying, false);
    log.close();
    assert.ok(!store.exists(formerKeyCopy));
    mapsEqual(digest(open(store, underNew).log), all);
  });

  test("the second is as good as a damaged first one, at every moment", () => {
    for (const steps of [1, 2, 3]) {
      const { store, all } = begun(steps);
      for (const spoil of [(bytes: Uint8Array) => bytes.slice(0, 70), () => new Uint8Array(0)]) {
        const disk = store.copy();
        disk.overwrite(formerKey, spoil(disk.dump().get(formerKey) ?? new Uint8Array(0)));
        refuses(disk, dataKey);
        mapsEqual(digest(open(disk, underNew).log), all);
      }
    }
  });

  test("none is believed in another log, whichever of its files tells which log it is", () => {
    const { store } = begun(1);
    const sealed = store.dump().get(formerKey) ?? new Uint8Array(0);
    for (const isBare of [false, true]) {
      const { store: other, log } = filled();
      log.close();
      if (isBare) for (const name of ["manifest", "manifest-copy"]) other.remove(name);
      for (const name of [formerKey, formerKeyCopy]) other.overwrite(name, sealed);
      refuses(other, newKey);
      const opened = open(other, sizes).log;
      assert.equal(opened.isRekeying, false);
      assert.equal(digest(opened).size, 40);
    }
  });
});

describe("a disk that will not take the former key", () => {
  for (const name of [formerKeyCopy, formerKey]) {
    test(`as ${name} leaves nothing of the new key behind, and the log goes on under the old one`, () => {
      const { store, log } = filled();
      const rule = store.faults.add({
        operation: "write",
        name: new RegExp(`^${name}\\.new$`),
        kind: "noSpace",
      });
      assert.equal(codeOf(step(log.rekey(newKey))), "Z204");
      assert.equal(rule.fired, 1);
      assert.equal(log.isRekeying, false);
      assert.deepEqual(
        store.list().filter((file) => file.startsWith("former-key")),
        [],
      );
      assert.equal(pushNow(log, event("on"))[0]?.seq, 41);
      refuses(store.copy(), newKey);
      assert.equal(step(log.rekey(newKey)), "install", "and it works when there is room");
    });

    test(`because it does not sync ${name}, takes nothing more`, () => {
      const { store, log } = filled();
      store.faults.add({ operation: "sync", name: new RegExp(`^${name}\\.new$`) });
      const work = log.rekey(newKey);
      assert.equal(codeOf(step(work)), "Z205");
      assert.equal(log.readOnlyReason?.code, "Z205");
      assert.equal(codeOf(step(work)), "Z205", "nor does the rekey go on");
      assert.throws(() => pushNow(log, event("no")), { code: "Z208" });
      assert.equal(digest(open(store.copy(), sizes).log).size, 40);
    });
  }
});

describe("a disk that will not let the former key go", () => {
  /** All steps but the last are done. */
  function beforeTheEnd() {
    const { store, log } = filled();
    const work = log.rekey(newKey);
    for (let steps = 0; steps < 200 && step(work) !== "sealSidecars"; steps++);
    return { store, log, work };
  }

  test("ends the rekey with a code, and a further step removes it", () => {
    const { store, log, work } = beforeTheEnd();
    const rule = store.faults.add({ operation: "remove", name: /^former-key$/ });
    assert.match(codeOf(step(work)), /^Z20/);
    assert.equal(rule.fired, 1);
    assert.ok(store.exists(formerKey) && store.exists(formerKeyCopy), "both stay");
    assert.equal(log.isRekeying, true);
    assert.equal(log.readOnlyReason, undefined);
    assert.equal(step(work), "done");
    assert.equal(log.isRekeying, false);
    assert.ok(!store.exists(formerKey) && !store.exists(formerKeyCopy));
  });

  test("durably, takes nothing more; it opens under the new key alone", () => {
    for (const nth of [1, 2]) {
      const { store, log, work } = beforeTheEnd();
      const rule = store.faults.add({ operation: "syncDirectory", nth });
      assert.equal(codeOf(step(work)), "Z205");
      assert.equal(rule.fired, 1);
      assert.equal(
        store.exists(formerKeyCopy),
        nth === 1,
        "the copy goes when the first is gone for good",
      );
      assert.equal(log.readOnlyReason?.code, "Z205");
      refuses(store.copy(), dataKey);
      assert.equal(digest(open(store.copy(), underNew).log).size, 40);
    }
  });
});

test("what is on its way to the disk while a rekey begins is acknowledged once, and is under the new key in the end", () => {
  const { store: made, log: before } = filled();
  before.close();
  const slow = new MemoryStore({ syncs: "queued" });
  for (const [name, bytes] of made.dump()) slow.overwrite(name, bytes);
  const { log } = open(slow, sizes);
  const acked: string[] = [];
  const push = (name: string) =>
    log.push([event(name)], 1_000_000, (error) => acked.push(error?.code ?? name));
  push("in flight");
  push("waiting");
  const work = log.rekey(newKey);
  const answers: string[] = [];
  for (let steps = 0; steps < 400 && answers.at(-1) !== "done"; steps++) {
    const count = answers.length;
    work.step((answer) => answers.push(codeOf(answer)));
    if (steps < 6) push(`beside step ${steps}`);
    for (let syncs = 0; syncs < 50 && answers.length === count; syncs++) slow.runSyncs(1);
    assert.equal(answers.length, count + 1, "each step is answered once");
  }
  assert.equal(answers.at(-1), "done");
  slow.runSyncs();
  const beside = Array.from({ length: 6 }, (_, at) => `beside step ${at}`);
  assert.deepEqual(acked, ["in flight", "waiting", ...beside]);
  const all = digest(log);
  assert.equal(all.size, 48);
  log.close();
  refuses(slow.copy(), dataKey);
  mapsEqual(digest(open(slow.copy(), underNew).log), all);
});
