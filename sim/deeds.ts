/**
 * What happens to a world: operators push and sync, disks and links and clocks
 * fail, cards are restored and cloned. Each deed says in the coverage whether it
 * really took place. Only faults that the project claims to survive are made;
 * what they may cost is told to the oracle here.
 */
import { ZamError } from "../src/core/errors/zam-error.ts";
import { hashIdempotencyKey } from "../src/core/log/chain.ts";
import type { NewEvent, PushedEvent } from "../src/core/log/api.ts";
import type { SeededRandom } from "../src/testing/seeded-random.ts";
import type { FaultName } from "./coverage.ts";
import type { Device, KeyedPush } from "./device.ts";
import { makePayload } from "./payload.ts";
import type { DeedName } from "./plan.ts";
import type { World } from "./world.ts";
import { Violation } from "./violation.ts";

const yearMs = 365 * 86_400_000;
const imagesMax = 3;

export class Deeds {
  private readonly world: World;
  private readonly random: SeededRandom;
  private clones = 0;

  constructor(world: World) {
    this.world = world;
    this.random = world.random.fork();
  }

  /** Plans all deeds of the run, one after another at random times. */
  planAll(): void {
    const { world, random } = this;
    const { plan } = world;
    let atMs = 1_000;
    for (let count = 0; count < plan.deeds; count++) {
      atMs += random.chance(0.5) ? random.below(plan.pauseMs) + 1 : random.below(50) + 1;
      world.queue.at(atMs, () => this.doOne(this.pickDeed()));
    }
  }

  private pickDeed(): DeedName {
    const { weights } = this.world.plan;
    let total = 0;
    for (const weight of weights.values()) total += weight;
    let left = (this.random.next32() / 2 ** 32) * total;
    for (const [name, weight] of weights) {
      left -= weight;
      if (left < 0) return name;
    }
    return "push";
  }

  private doOne(name: DeedName): void {
    const { world, random } = this;
    const device = random.chance(0.25) ? world.hub : random.pick(world.clinics);
    world.note(device, `deed ${name}`);
    switch (name) {
      case "push":
        return this.push(device, 1, random.pick(["", "", "lab"]));
      case "pushMany":
        return this.push(device, random.between(5, 60), "");
      case "pushLarge":
        return this.push(device, 1, "", random.between(17_000, 70_000));
      case "pushUrgent":
        return this.push(device, 1, "urgent");
      case "pushAddressed":
        return this.push(device, 1, this.addressee(device));
      case "pushIdempotent":
        return this.pushKeyed(device);
      case "sync":
        return world.sync(random.pick(world.clinics));
      default:
        return this.fail(name, device);
    }
  }

  private fail(name: DeedName, device: Device): void {
    switch (name) {
      case "restart":
      case "kill":
      case "powerCut":
      case "powerCutInside":
      case "restoreImage":
      case "takeImage":
      case "clone":
      case "reprovision":
      case "losePeerFiles":
        return this.failDevice(name, device);
      case "cutConnection":
      case "blackhole":
      case "abandon":
      case "hubUnreachable":
        return this.failLink(name);
      case "clockAhead":
      case "clockBack":
      case "clockStop":
      case "clock1970":
      case "clockDrift":
        return this.failClock(name, device);
      default:
        return this.failDisk(name, device);
    }
  }

  private addressee(device: Device): string {
    const { world, random } = this;
    const id = device.role === "hub" ? random.pick(world.clinics).nodeId : world.hub.nodeId;
    return random.chance(0.3) ? `to/${id}/urgent` : `to/${id}`;
  }

  push(device: Device, count: number, lane: string, sizeBytes?: number): void {
    const { world, random } = this;
    world.guard(device, device.life, () => {
      const uids: number[] = [];
      const events: NewEvent[] = [];
      for (let at = 0; at < count; at++) {
        const uid = world.oracle.newUid(device.nodeId, lane);
        uids.push(uid);
        const size = sizeBytes ?? random.between(6, random.pick([40, 200, 1500]));
        events.push({ lane, type: random.below(10), payload: makePayload(uid, size, random) });
      }
      this.hand(device, uids, events);
    });
  }

  /** Hands events to the log; the operator believes them stored when the log calls back. */
  private hand(
    device: Device,
    uids: readonly number[],
    events: readonly NewEvent[],
    onAcked?: () => void,
  ): void {
    const { world } = this;
    const log = device.process?.log;
    if (log === undefined) return;
    let pushed: readonly PushedEvent[] | undefined;
    let isEarly = false;
    const acked = (): void => {
      pushed?.forEach((event, at) => {
        if (event.isRepeat) world.coverage.add("idempotent repeat");
        world.oracle.acknowledged(device, log, uids[at] ?? 0, event);
      });
      onAcked?.();
    };
    try {
      pushed = log.push(events, device.clock.wallMs(world.queue.nowMs), (error) => {
        if (error !== undefined) return this.noteRefusal(device, error);
        if (pushed === undefined) isEarly = true;
        else acked();
      });
      world.oracle.issued(pushed);
      if (isEarly) acked();
    } catch (error) {
      if (!(error instanceof ZamError)) throw error;
      this.noteRefusal(device, error);
    }
  }

  private noteRefusal(device: Device, error: ZamError): void {
    const { coverage } = this.world;
    this.world.note(device, `push refused: ${error.code}`);
    if (error.code === "Z204") coverage.add("push refused: disk full");
    else if (error.code === "Z205") coverage.add("push refused: sync failed");
    else if (error.code === "Z208") coverage.add("push refused: read-only");
    else if (error.code !== "Z206")
      throw new Violation("pushes are taken", `${device.name}: ${error.code} ${error.message}`);
    if (error.code === "Z205" || error.code === "Z208") this.world.restartLater(device);
  }

  private pushKeyed(device: Device): void {
    const { world, random } = this;
    world.guard(device, device.life, () => {
      const old = device.pendingKeyed[0];
      if (old !== undefined) return this.handKeyed(device, old);
      const uid = world.oracle.newUid(device.nodeId, "");
      const key = hashIdempotencyKey(device.crypto, `key ${uid}`);
      const next: KeyedPush = {
        uid,
        lane: "",
        payload: makePayload(uid, random.between(6, 300), random),
        key,
      };
      device.pendingKeyed.push(next);
      this.handKeyed(device, next);
      // An impatient sender repeats it at once.
      if (random.chance(0.5)) this.handKeyed(device, next);
    });
  }

  private handKeyed(device: Device, push: KeyedPush): void {
    const { uid, lane, payload, key } = push;
    const event: NewEvent = { lane, type: 1, payload, idempotency: key };
    this.hand(device, [uid], [event], () => {
      const at = device.pendingKeyed.indexOf(push);
      if (at >= 0) device.pendingKeyed.splice(at, 1);
    });
  }

  private failDevice(name: DeedName, device: Device): void {
    const { world, random } = this;
    const { coverage } = world;
    switch (name) {
      case "restart":
        if (!device.isUp || device.process?.log.readOnlyReason !== undefined) return;
        this.restart(device);
        return;
      case "kill":
        if (!device.isUp) return;
        coverage.add("process killed");
        world.kill(device);
        return world.bootLater(device, random.between(100, 60_000));
      case "powerCut":
        if (!device.isUp) return;
        coverage.add("power cut");
        return world.powerCut(device);
      case "powerCutInside": {
        const store = random.chance(0.8) ? device.logStore : device.peerStore;
        const operations = store.operations.length + random.below(12);
        // Half of the time the cut comes in the middle of an opening.
        if (device.isUp && random.chance(0.5)) {
          world.kill(device);
          const next = store === device.logStore ? device.logStore : device.peerStore;
          next.crashAt(random.below(40));
          device.logStore.crashAt(random.below(40));
          return world.bootLater(device, 100);
        }
        store.crashAt(operations);
        return;
      }
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
        if (device.role === "hub" || !random.chance(0.5)) return;
        coverage.add("new log under the old name");
        return world.replaceCard(device, undefined, "reprovisioned");
      case "losePeerFiles":
        coverage.add("peer sidecars lost");
        if (device.isUp) world.kill(device);
        device.peerStore.crashAt(Number.POSITIVE_INFINITY);
        for (const file of device.peerStore.list()) device.peerStore.remove(file);
        device.peerStore.syncNow();
        device.isKnowledgeOld = true;
        return world.bootLater(device, 1_000);
      default:
        return;
    }
  }

  private restart(device: Device): void {
    const { world } = this;
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

  private clone(device: Device): void {
    const { world } = this;
    if (device.role === "hub" || this.clones >= 2 || device.wounds > 0 || device.hasDiskFault)
      return;
    this.clones++;
    world.coverage.add("card cloned");
    const name = `${device.nodeId}#${this.clones + 1}`;
    const twin = world.addDevice(name, device.nodeId, "clinic", device.image());
    twin.isKnowledgeOld = true;
    world.clinics.push(twin);
    world.markForked(twin);
    world.markForked(device);
  }

  private failLink(name: DeedName): void {
    const { world, random } = this;
    const { coverage } = world;
    if (name === "hubUnreachable") {
      world.isHubReachable = false;
      world.queue.after(random.between(1_000, 120_000), () => {
        world.isHubReachable = true;
      });
      return;
    }
    for (const connection of world.connections)
      if (connection.isOver) world.connections.delete(connection);
    const open = [...world.connections].filter((connection) => !connection.isSilent);
    const connection = open.length > 0 ? random.pick(open) : undefined;
    if (connection === undefined) return;
    if (name === "cutConnection") {
      coverage.add("connection cut");
      connection.cut();
    } else if (name === "blackhole") {
      coverage.add("connection blackholed");
      connection.isSilent = true;
    } else {
      // The clinic's side gives up; what it sent still arrives, perhaps after its next connection's bytes.
      coverage.add("late bytes of an abandoned connection");
      connection.delayMs = random.between(1_000, 20_000);
      connection.near.end();
    }
  }

  private failClock(name: DeedName, device: Device): void {
    const { world, random } = this;
    const { nowMs } = world.queue;
    const { coverage } = world;
    const spanMs = random.pick([3_600_000, 3 * 86_400_000, yearMs, 40 * yearMs]);
    const count = (fault: FaultName): void => coverage.add(fault);
    switch (name) {
      case "clockAhead":
        count("clock jumps ahead");
        return device.clock.step(nowMs, spanMs);
      case "clockBack":
        count("clock jumps back");
        return device.clock.step(nowMs, -spanMs);
      case "clockStop":
        count("clock stops");
        return device.clock.setRate(nowMs, 0);
      case "clock1970":
        count("clock restarts at 1970");
        return device.clock.set(nowMs, random.below(1000), 1);
      default:
        count("clock drifts");
        return device.clock.setRate(nowMs, random.pick([0.9, 0.999, 1.001, 1.2]));
    }
  }

  private failDisk(name: DeedName, device: Device): void {
    const { world, random } = this;
    const { coverage } = world;
    const store = random.chance(0.85) ? device.logStore : device.peerStore;
    const later = (undo: () => void): void => {
      world.queue.after(random.between(1_000, 300_000), undo);
    };
    switch (name) {
      case "flip":
      case "zeroSector":
        return this.wound(name, device);
      case "diskFull":
        coverage.add("disk full");
        device.hasDiskFault = true;
        store.capacityBytes = store.usedBytes + random.below(6_000);
        return later(() => {
          store.capacityBytes = Number.POSITIVE_INFINITY;
          device.hasDiskFault = false;
        });
      case "writeFault":
        device.hasDiskFault = true;
        this.arm(device, "write fails", {
          operation: random.pick(["write", "write", "rename", "open"] as const),
          nth: random.between(1, 8),
          partialBytes: random.below(600),
        });
        return;
      case "readFault":
        device.wounds += 2;
        device.hasDiskFault = true;
        this.arm(device, "read fails", {
          operation: "read",
          nth: random.between(1, 30),
          times: random.between(1, 3),
        });
        return;
      case "syncFault":
        device.hasDiskFault = true;
        this.arm(device, "fsync fails once", {
          operation: random.pick(["sync", "sync", "syncDirectory"] as const),
          nth: random.between(1, 4),
        });
        return;
      case "readOnlyDisk":
        coverage.add("disk read-only");
        device.hasDiskFault = true;
        store.isReadOnly = true;
        return later(() => {
          store.isReadOnly = false;
          device.hasDiskFault = false;
        });
      case "slowDisk":
        coverage.add("slow disk");
        device.diskMs = 3_000;
        return later(() => {
          device.diskMs = world.plan.diskMs;
        });
      default:
        return;
    }
  }

  private readonly armed: {
    readonly name: FaultName;
    readonly rule: { readonly fired: number };
  }[] = [];

  private arm(
    device: Device,
    name: FaultName,
    input: Parameters<Device["logStore"]["faults"]["add"]>[0],
  ): void {
    const store = this.random.chance(0.85) ? device.logStore : device.peerStore;
    this.armed.push({ name, rule: store.faults.add(input) });
  }

  /** Rules that really failed a call. */
  countFired(): void {
    for (const { name, rule } of this.armed)
      if (rule.fired > 0) this.world.coverage.add(name, rule.fired);
  }

  private wound(name: "flip" | "zeroSector", device: Device): void {
    const { world, random } = this;
    const files = [...device.logStore.dump()].filter(
      ([file, bytes]) => bytes.length > 0 && file !== "reserve",
    );
    files.sort(([a], [b]) => (a < b ? -1 : 1));
    const segments = files.filter(([file]) => file.endsWith(".seg"));
    const chosen =
      random.chance(0.7) && segments.length > 0
        ? random.pick(segments)
        : files.length > 0
          ? random.pick(files)
          : undefined;
    if (chosen === undefined) return;
    const [file, bytes] = chosen;
    const offset = random.below(bytes.length);
    device.wounds++;
    if (name === "flip") {
      world.coverage.add("bit flipped");
      device.logStore.flip(file, offset, 1 << random.below(8));
      return;
    }
    world.coverage.add("sector zeroed");
    device.wounds++;
    const start = offset - (offset % 512);
    for (let at = start; at < Math.min(bytes.length, start + 512); at++)
      device.logStore.flip(file, at, bytes[at] ?? 0);
  }
}
