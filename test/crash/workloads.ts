/** What a clinic's log goes through, small enough to cut the power at every call of it. */
import {
  bind,
  createSource,
  push,
  randomEvents,
  receive,
  reopen,
  type Workload,
  type World,
} from "./harness.ts";

const lanes = ["", "", "", "urgent", "to/hub"];

function pushSome(world: World, count: number, bytesMax: number): void {
  push(world, randomEvents(world.random, { count, bytesMax, lanes }));
}

export const workloads: readonly Workload[] = [
  {
    name: "single pushes over several segments",
    segmentBytes: 4096,
    store: {},
    run(world) {
      for (let i = 0; i < 25; i++) pushSome(world, 1, 900);
      world.log.close();
    },
  },
  {
    name: "pushes that arrive while a group is being synced",
    segmentBytes: 8192,
    store: { syncs: "queued" },
    run(world) {
      for (let i = 0; i < 30; i++) {
        pushSome(world, world.random.between(1, 4), 700);
        if (world.random.chance(0.5)) world.store.runSyncs(world.random.between(1, 3));
      }
      world.store.runSyncs();
      pushSome(world, 3, 700);
      world.log.close();
    },
  },
  {
    name: "closing and opening again",
    segmentBytes: 6000,
    store: {},
    run(world) {
      for (let round = 0; round < 5; round++) {
        for (let i = 0; i < 3; i++) pushSome(world, 2, 500);
        reopen(world);
      }
    },
  },
  {
    name: "payloads in fragments",
    segmentBytes: 64 * 1024,
    store: { syncs: "queued" },
    run(world) {
      for (let i = 0; i < 5; i++) {
        pushSome(world, 1, 300);
        const payload = world.random.bytes(world.random.between(17_000, 60_000));
        push(world, [{ lane: "", type: 9, payload }]);
        if (i % 2 === 0) world.store.runSyncs(2);
      }
      world.store.runSyncs();
      world.log.close();
    },
  },
  {
    name: "receiving, with repeats, own pushes and marks between",
    segmentBytes: 8192,
    store: { syncs: "queued" },
    run(world) {
      const source = createSource(world.random, 60);
      let next = 1;
      for (let i = 0; i < 18 && next <= 60; i++) {
        const to = Math.min(60, next + world.random.below(6));
        receive(world, source, next, to);
        if (world.random.chance(0.3)) receive(world, source, Math.max(1, next - 3), to);
        next = to + 1;
        if (world.random.chance(0.4)) pushSome(world, 1, 300);
        if (world.random.chance(0.3)) bind(world, `node_${i}`);
        if (world.random.chance(0.5)) world.store.runSyncs(world.random.between(1, 3));
      }
      world.store.runSyncs();
      world.log.close();
    },
  },
  {
    name: "checkpoints and indexes while writing",
    segmentBytes: 700 * 1024,
    store: {},
    stride: 4,
    run(world) {
      for (let i = 0; i < 4; i++) {
        push(world, randomEvents(world.random, { count: 60, bytesMax: 16_000, lanes }));
        pushSome(world, 1, 100);
      }
      world.log.close();
    },
  },
];
