/**
 * A hub and its clinics in one process and in virtual time, over the real core:
 * who is there, who has power, and what time it is. How a log opens is in
 * boot.ts, how devices meet in syncs.ts and sessions.ts, what is done to them in
 * deeds/, what must hold in oracle.ts and watch.ts.
 *
 * One integer decides everything. Each consumer draws from a generator of its
 * own, so that a change in one does not move the others more than it must.
 */
import { newCrashTally } from "../src/testing/memory-content.ts";
import { type MemoryStore, SimulatedCrash } from "../src/testing/memory-store.ts";
import { createSeededRandom, type SeededRandom } from "../src/testing/seeded-random.ts";
import { beginEpoch, boot, notePath, openReadOnly, provision } from "./boot.ts";
import type { Connection, LinkShape } from "./connection.ts";
import { Coverage } from "./coverage.ts";
import { Device, type Image } from "./device.ts";
import { epochKey } from "./device-view.ts";
import { EventQueue } from "./event-queue.ts";
import type { Mutant } from "./mutant.ts";
import { Oracle } from "./oracle.ts";
import { clinicPrefix } from "./permissions.ts";
import { drawPlan, type Plan } from "./plan.ts";
import { createSeededCrypto } from "./ports.ts";
import { Schema } from "./schema.ts";
import { connectAgain, drawLink, sync } from "./syncs.ts";
import type { Trace } from "./trace.ts";

export class World {
  readonly plan: Plan;
  readonly queue = new EventQueue();
  readonly random: SeededRandom;
  readonly coverage = new Coverage();
  readonly oracle: Oracle;
  readonly schema: Schema;
  readonly trace: Trace;
  readonly mutant: Mutant;
  readonly hub: Device;
  readonly clinics: Device[] = [];
  readonly connections = new Set<Connection>();
  isHubReachable = true;
  /** All faults are over: links are good, nothing is cut. */
  isHealed = false;
  readonly linkRandom: SeededRandom;
  /** Overhears what honest clinics send. */
  onTransmitted: ((bytes: Uint8Array) => void) | undefined;
  private lastKeyNumber = 0;

  constructor(seed: number, trace: Trace, mutant: Mutant = {}) {
    this.random = createSeededRandom(seed);
    this.schema = new Schema(seed);
    this.trace = trace;
    this.mutant = mutant;
    this.plan = drawPlan(this.random.fork());
    this.linkRandom = this.random.fork();
    this.oracle = new Oracle({
      policy: this.plan.policy,
      coverage: this.coverage,
      nowMs: () => this.queue.nowMs,
    });
    this.trace.note(
      `plan ${JSON.stringify({ ...this.plan, weights: [...this.plan.weights.keys()] })}`,
    );
    this.hub = this.addDevice("hub", "hub", "hub");
    for (let at = 1; at <= this.plan.clinics; at++) {
      const id = `${clinicPrefix}${String(at).padStart(2, "0")}`;
      this.clinics.push(this.addDevice(id, id, "clinic"));
    }
  }

  get devices(): readonly Device[] {
    return [this.hub, ...this.clinics];
  }

  note(device: Device, what: string): void {
    this.trace.note(`${Math.round(this.queue.nowMs)} ${device.name} ${what}`);
  }

  noteReport(code: string): void {
    notePath(this, code);
  }

  newKeyNumber(): number {
    return ++this.lastKeyNumber;
  }

  addDevice(name: string, nodeId: string, role: "hub" | "clinic", stores?: Image): Device {
    const crypto = createSeededCrypto(this.random.fork());
    const wrapped = this.mutant.crypto?.(crypto) ?? crypto;
    const common = {
      name,
      nodeId,
      role,
      crypto: wrapped,
      nowMs: this.queue.nowMs,
      diskMs: this.plan.diskMs,
    };
    const device = new Device(stores === undefined ? common : { ...common, stores });
    if (stores === undefined) provision(this, device);
    this.boot(device);
    return device;
  }

  isCloned(device: Device): boolean {
    return this.devices.some((other) => other !== device && other.nodeId === device.nodeId);
  }

  /** With a new certificate; the revoked one stays revoked. */
  readmit(device: Device): void {
    device.revokedMs = undefined;
    this.oracle.revoked.delete(device.nodeId);
  }

  boot(device: Device): void {
    boot(this, device);
  }

  openReadOnly(device: Device, store: MemoryStore) {
    return openReadOnly(this, device, store);
  }

  /** Another card in the same device: an older image, or an empty one with a new log. */
  replaceCard(
    device: Device,
    image: Image | undefined,
    fault: string,
    options: { readonly beginsEpoch?: boolean } = {},
  ): void {
    if (device.isUp) this.kill(device);
    this.oracle.forget(device, fault);
    device.putCard(image, this.queue.nowMs);
    if (image === undefined) {
      device.images.length = 0;
      device.snapshots.length = 0;
      provision(this, device);
    }
    if (options.beginsEpoch === true) beginEpoch(this, device);
    this.boot(device);
    if (options.beginsEpoch !== true) this.markForked(device);
  }

  /** The epoch that this device goes on in may have been written further by its former self. */
  markForked(device: Device): void {
    const { process } = device;
    if (process === undefined) return;
    this.oracle.forkedEpochs.add(
      epochKey({ node: device.nodeId, epoch: process.log.ownEpoch, lane: "" }),
    );
  }

  bootLater(device: Device, afterMs: number): void {
    if (device.isUp || device.isBootPlanned) return;
    device.isBootPlanned = true;
    this.queue.after(afterMs, () => {
      if (device.isBootPlanned) this.boot(device);
    });
  }

  restartLater(device: Device): void {
    const { life } = device;
    this.queue.after(this.random.between(1_000, 600_000), () => {
      if (device.life !== life || !device.isUp) return;
      device.healDisk();
      this.kill(device);
      this.boot(device);
    });
  }

  /** Runs what this device does; a power cut inside ends it. */
  guard(device: Device, life: number, action: () => void): void {
    if (!device.isUp || device.life !== life) return;
    try {
      action();
      this.planSyncs(device);
    } catch (error) {
      if (!(error instanceof SimulatedCrash)) throw error;
      this.coverage.add("power cut inside an operation");
      this.powerCut(device);
    }
  }

  private planSyncs(device: Device): void {
    const { life } = device;
    if (
      device.hasSyncsPlanned ||
      device.logStore.pendingSyncs + device.peerStore.pendingSyncs === 0
    )
      return;
    device.hasSyncsPlanned = true;
    this.queue.after(1 + this.random.below(device.diskMs), () => {
      device.hasSyncsPlanned = false;
      this.guard(device, life, () => {
        device.logStore.runSyncs(device.logStore.pendingSyncs);
        device.peerStore.runSyncs(device.peerStore.pendingSyncs);
      });
    });
  }

  /** The power goes: what was not synced may be lost, and nobody is told. */
  powerCut(device: Device): void {
    this.note(device, "loses power");
    for (const { end } of device.process?.sessions ?? []) end.vanish();
    device.goDown();
    const tally = newCrashTally();
    device.logStore = device.logStore.crash(this.random.fork(), tally);
    device.peerStore = device.peerStore.crash(this.random.fork(), tally);
    this.coverage.addCrash(tally);
    this.bootLater(device, this.random.between(1_000, 900_000));
  }

  /** kill -9: everything written is there, and the other ends see the connections close. */
  kill(device: Device): void {
    this.note(device, "is killed");
    for (const { end } of device.process?.sessions ?? []) end.abandon();
    device.goDown();
    device.logStore = device.logStore.kill();
    device.peerStore = device.peerStore.kill();
  }

  /** Destroys a sector of the card, durably: zeros, or what another sector of the file holds. */
  replaceSector(device: Device, file: string, start: number, content: "zeros" | "stale"): void {
    const bytes = device.logStore.dump().get(file);
    if (bytes === undefined) return;
    device.wound(2, Number.POSITIVE_INFINITY);
    const from = 512 * this.random.below(Math.max(1, Math.floor(bytes.length / 512)));
    for (let at = start; at < Math.min(bytes.length, start + 512); at++) {
      const wanted = content === "zeros" ? 0 : (bytes[from + at - start] ?? 0);
      device.logStore.flip(file, at, (bytes[at] ?? 0) ^ wanted);
    }
  }

  sync(device: Device): void {
    sync(this, device);
  }

  connectAgain(device: Device): void {
    connectAgain(this, device);
  }

  drawLink(): LinkShape {
    return drawLink(this);
  }
}
