/** What happens to whole devices: restarts, losses of power, images, clones, other keys. */
import type { SeededRandom } from "../../src/testing/seeded-random.ts";
import type { Device } from "../device.ts";
import type { World } from "../world.ts";

export const machineDeeds = [
  "restart",
  "kill",
  "powerCut",
  "powerCutInside",
  "powerCutBeside",
  "takeImage",
  "restoreImage",
  "clone",
  "reprovision",
  "losePeerFiles",
] as const;

export type MachineDeed = (typeof machineDeeds)[number];

const imagesMax = 3;
const clonesMax = 2;

export class Machines {
  private readonly world: World;
  private readonly random: SeededRandom;
  private clones = 0;

  constructor(world: World, random: SeededRandom) {
    this.world = world;
    this.random = random;
  }

  do(name: MachineDeed, device: Device): void {
    const { world, random } = this;
    const { coverage } = world;
    switch (name) {
      case "restart":
        return this.restart(device);
      case "kill":
        if (!device.isUp) return;
        coverage.add("process killed");
        world.kill(device);
        return world.bootLater(device, random.between(100, 60_000));
      case "powerCut":
        if (!device.isUp) return;
        coverage.add("power cut");
        return world.powerCut(device);
      case "powerCutInside":
        return this.cutInside(device);
      case "powerCutBeside":
        return this.cutBeside(device);
      case "takeImage":
        if (device.hasDiskFault) return;
        if (device.images.length === imagesMax) device.images.shift();
        device.images.push(device.image());
        return;
      case "restoreImage": {
        const image = device.images.length > 0 ? random.pick(device.images) : undefined;
        if (image === undefined) return;
        coverage.add("older image restored");
        return world.replaceCard(device, image, "restore");
      }
      case "clone":
        return this.clone(device);
      case "reprovision":
        return this.reprovision(device);
      case "losePeerFiles":
        return this.losePeerFiles(device);
    }
  }

  private restart(device: Device): void {
    const { world } = this;
    if (!device.isUp || device.process?.log.readOnlyReason !== undefined) return;
    world.coverage.add("clean restart");
    const { life } = device;
    world.guard(device, life, () => {
      device.process?.log.close();
      if (device.process !== undefined) world.oracle.refresh(device, device.process.log);
    });
    if (!device.isUp || device.life !== life) return;
    world.kill(device);
    world.boot(device);
  }

  /** At a call of the disk, half of the time in the middle of an opening. */
  private cutInside(device: Device): void {
    const { world, random } = this;
    const isPeers = random.chance(0.2);
    if (device.isUp && random.chance(0.5)) {
      world.kill(device);
      if (isPeers) device.peerStore.crashAt(random.below(40));
      device.logStore.crashAt(random.below(40));
      return world.bootLater(device, 100);
    }
    const store = isPeers ? device.peerStore : device.logStore;
    store.crashAt(store.operations.length + random.below(12));
  }

  /** A card that takes its neighbours along: the sector before the one that was being written. */
  private cutBeside(device: Device): void {
    const { world, random } = this;
    if (!device.isUp) return;
    world.coverage.add("power cut");
    world.powerCut(device);
    const name = [...device.logStore.dump().keys()]
      .filter((file) => file.endsWith(".seg"))
      .sort()
      .at(-1);
    const size = name === undefined ? 0 : (device.logStore.dump().get(name)?.length ?? 0);
    const sector = Math.floor(size / 512) - 1;
    if (name === undefined || sector < 0) return;
    world.replaceSector(device, name, sector * 512, random.chance(0.5) ? "zeros" : "stale");
    world.coverage.add("sector beside the written one destroyed");
  }

  private clone(device: Device): void {
    const { world } = this;
    if (device.role === "hub" || this.clones >= clonesMax) return;
    if (device.wounds > 0 || device.hasDiskFault || device.isRevoked) return;
    this.clones++;
    world.coverage.add("card cloned");
    const name = `${device.nodeId}#${this.clones + 1}`;
    const twin = world.addDevice(name, device.nodeId, "clinic", device.image());
    twin.isKnowledgeOld = true;
    device.isKnowledgeOld = true;
    world.clinics.push(twin);
    world.markForked(twin);
    world.markForked(device);
  }

  /** A new log under the old name; mostly with a new key pair as well. */
  private reprovision(device: Device): void {
    const { world, random } = this;
    if (device.role === "hub" || !random.chance(0.5)) return;
    world.coverage.add("new log under the old name");
    if (random.chance(0.7)) {
      device.keyNumber = world.newKeyNumber();
      world.coverage.add("other key under the old name");
    }
    world.readmit(device);
    world.replaceCard(device, undefined, "reprovisioned");
  }

  private losePeerFiles(device: Device): void {
    const { world } = this;
    if (device.peerStore.isReadOnly) return;
    world.coverage.add("peer sidecars lost");
    if (device.isUp) world.kill(device);
    device.peerStore.crashAt(Number.POSITIVE_INFINITY);
    for (const file of device.peerStore.list()) device.peerStore.remove(file);
    device.peerStore.syncNow();
    device.isKnowledgeOld = true;
    world.bootLater(device, 1_000);
  }
}
