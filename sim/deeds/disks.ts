/** What happens to a disk: it is full, refuses, forgets, rots, is slow or read-only. */
import type { SeededRandom } from "../../src/testing/seeded-random.ts";
import type { FaultName } from "../coverage.ts";
import type { Device } from "../device.ts";
import type { World } from "../world.ts";

export const diskDeeds = [
  "flip",
  "zeroSector",
  "staleSector",
  "diskFull",
  "writeFault",
  "readFault",
  "syncFault",
  "readOnlyDisk",
  "slowDisk",
] as const;

export type DiskDeed = (typeof diskDeeds)[number];

export class Disks {
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly armed: {
    readonly name: FaultName;
    readonly rule: { readonly fired: number };
  }[] = [];

  constructor(world: World, random: SeededRandom) {
    this.world = world;
    this.random = random;
  }

  do(name: DiskDeed, device: Device): void {
    const { world, random } = this;
    const { coverage } = world;
    const store = random.chance(0.85) ? device.logStore : device.peerStore;
    switch (name) {
      case "flip":
      case "zeroSector":
      case "staleSector":
        return this.wound(name, device);
      case "diskFull":
        coverage.add("disk full");
        store.capacityBytes = store.usedBytes + random.below(6_000);
        device.diskFaults.add(name);
        return this.later(() => {
          store.capacityBytes = Number.POSITIVE_INFINITY;
          device.diskFaults.delete(name);
        });
      case "writeFault":
        device.diskFaults.add(name);
        return this.arm(device, "write fails", {
          operation: random.pick(["write", "write", "rename", "open"] as const),
          nth: random.between(1, 8),
          partialBytes: random.below(600),
        });
      case "readFault":
        device.wound(2, Number.POSITIVE_INFINITY);
        device.diskFaults.add(name);
        return this.arm(device, "read fails", {
          operation: "read",
          nth: random.between(1, 30),
          times: random.between(1, 3),
        });
      case "syncFault":
        device.diskFaults.add(name);
        return this.arm(device, "fsync fails once", {
          operation: random.pick(["sync", "sync", "syncDirectory"] as const),
          nth: random.between(1, 4),
        });
      case "readOnlyDisk":
        coverage.add("disk read-only");
        store.isReadOnly = true;
        device.diskFaults.add(name);
        return this.later(() => {
          store.isReadOnly = false;
          device.diskFaults.delete(name);
        });
      case "slowDisk":
        coverage.add("slow disk");
        device.diskMs = 3_000;
        return this.later(() => {
          device.diskMs = world.plan.diskMs;
        });
    }
  }

  /** Rules that really failed a call. */
  countFired(): void {
    for (const { name, rule } of this.armed)
      if (rule.fired > 0) this.world.coverage.add(name, rule.fired);
  }

  private later(undo: () => void): void {
    this.world.queue.after(this.random.between(1_000, 300_000), undo);
  }

  private arm(
    device: Device,
    name: FaultName,
    input: Parameters<Device["logStore"]["faults"]["add"]>[0],
  ): void {
    const store = this.random.chance(0.85) ? device.logStore : device.peerStore;
    this.armed.push({ name, rule: store.faults.add(input) });
  }

  private wound(name: "flip" | "zeroSector" | "staleSector", device: Device): void {
    const { world, random } = this;
    const files = [...device.logStore.dump()].filter(
      ([file, bytes]) => bytes.length > 0 && file !== "reserve",
    );
    files.sort(([a], [b]) => (a < b ? -1 : 1));
    const segments = files.filter(([file]) => file.endsWith(".seg"));
    const among = random.chance(0.7) && segments.length > 0 ? segments : files;
    if (among.length === 0) return;
    const [file, bytes] = random.pick(among);
    const offset = random.below(bytes.length);
    if (name === "flip") {
      world.coverage.add("bit flipped");
      device.wound(1, 1);
      device.logStore.flip(file, offset, 1 << random.below(8));
      return;
    }
    const content = name === "zeroSector" ? "zeros" : "stale";
    world.replaceSector(device, file, offset - (offset % 512), content);
    world.coverage.add(name === "zeroSector" ? "sector zeroed" : "sector stale");
  }
}
