/**
 * A hub and its clinics in one process and in virtual time, over the real core:
 * boots, losses of power, connections and sessions. What is done to them is in
 * deeds.ts, what must hold in oracle.ts and watch.ts.
 *
 * One integer decides everything. Each consumer draws from a generator of its
 * own, so that a change in one does not move the others more than it must.
 */
import { ZamError } from "../src/core/errors/zam-error.ts";
import { createLog, openLog, type RecoveryReport } from "../src/core/log/open.ts";
import type { StreamId } from "../src/core/event.ts";
import type { Log } from "../src/core/log/api.ts";
import { CommitScheduler } from "../src/engine/commit-scheduler.ts";
import { SimulatedCrash } from "../src/testing/memory-store.ts";
import { createSeededRandom, type SeededRandom } from "../src/testing/seeded-random.ts";
import type { Connection, LinkShape } from "./connection.ts";
import { Coverage, type PathName } from "./coverage.ts";
import { Device, type Image, type Process } from "./device.ts";
import { epochKey } from "./device-view.ts";
import { EventQueue } from "./event-queue.ts";
import type { Mutant } from "./mutant.ts";
import { clinicPrefix, Oracle } from "./oracle.ts";
import { PeerFiles } from "./peer-files.ts";
import { drawPlan, type Plan } from "./plan.ts";
import { createSeededCrypto, dataKeyOf } from "./ports.ts";
import { connect } from "./sessions.ts";
import type { Trace } from "./trace.ts";
import { Violation } from "./violation.ts";

const reportPaths: Readonly<Record<string, PathName>> = {
  Z507: "rollback found (Z507)",
  Z508: "branch re-homed (Z508)",
  Z509: "stream frozen (Z509)",
  Z516: "lost at source (Z516)",
  Z517: "clock difference reported (Z517)",
  Z518: "epoch renewed by clock (Z518)",
  Z519: "event from the future (Z519)",
  Z209: "damage set aside",
  Z213: "head behind (Z213)",
  Z214: "fresh epoch after unexplained loss (Z214)",
};

const attemptsMax = 4;

export class World {
  readonly plan: Plan;
  readonly queue = new EventQueue();
  readonly random: SeededRandom;
  readonly coverage = new Coverage();
  readonly oracle: Oracle;
  readonly trace: Trace;
  readonly mutant: Mutant;
  readonly hub: Device;
  readonly clinics: Device[] = [];
  readonly connections = new Set<Connection>();
  isHubReachable = true;
  /** All faults are over: links are good, nothing is cut. */
  isHealed = false;
  readonly linkRandom: SeededRandom;

  constructor(seed: number, trace: Trace, mutant: Mutant = {}) {
    this.random = createSeededRandom(seed);
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
    if (stores === undefined) this.provision(device);
    this.boot(device);
    return device;
  }

  /** A new log, as `keygen` makes it. */
  provision(device: Device): void {
    createLog({ ...this.logInput(device), epoch: this.random.next32() }).close();
  }

  private logInput(device: Device) {
    const { plan } = this;
    const store = this.mutant.store?.(device.logStore) ?? device.logStore;
    return {
      store,
      crypto: device.crypto,
      nodeId: device.nodeId,
      wallMs: device.clock.wallMs(this.queue.nowMs),
      segmentBytes: plan.segmentBytes,
      checkpointBytes: plan.checkpointBytes,
      ...(plan.isEncrypted ? { dataKey: dataKeyOf(device.nodeId) } : {}),
    };
  }

  boot(device: Device): void {
    device.isBootPlanned = false;
    if (device.isUp) return;
    device.life++;
    let opened: { readonly log: Log; readonly recovery: RecoveryReport; readonly peers: PeerFiles };
    try {
      this.mutant.beforeOpen?.(
        device,
        () => openLog({ ...this.logInput(device), confirmed: [], readOnly: true }).log,
      );
      const peers = new PeerFiles(device.peerStore, device.crypto);
      const confirmed =
        this.mutant.confirmed === undefined
          ? peers.confirmedHeads()
          : this.mutant.confirmed(peers.confirmedHeads());
      opened = { ...openLog({ ...this.logInput(device), confirmed }), peers };
    } catch (error) {
      return this.onOpenFailed(device, error);
    }
    const watched = this.watchRehoming(device, opened.log);
    const log = this.mutant.log?.(watched, device) ?? watched;
    const nowMs = (): number => device.clock.wallMs(this.queue.nowMs);
    const process: Process = {
      log,
      peers: opened.peers,
      commits: new CommitScheduler(log, nowMs),
      sessions: new Set(),
    };
    device.process = process;
    device.openFailure = undefined;
    const segments = device.logStore.list().filter((name) => name.endsWith(".seg"));
    if (segments.length > 2) this.coverage.add("segment rolled");
    this.note(device, `opened: ${describe(opened.recovery)}`);
    this.guard(device, device.life, () => {
      this.noteRecovery(opened.recovery);
      // A log that may not be written lists only what is proven; the rest is still on the disk.
      if (opened.log.readOnlyReason !== undefined) device.hasCut ||= opened.recovery.tornBytes > 0;
      if (opened.log.readOnlyReason === undefined)
        this.oracle.rescan(device, opened.log, opened.recovery);
      log.onDurable(() => {
        this.oracle.refresh(device, opened.log);
        device.view.mayMove = false;
        for (const { runner } of [...process.sessions]) runner.logChanged();
      });
    });
    if (device.isUp && log.readOnlyReason !== undefined) this.restartLater(device);
  }

  /** Re-homed events have other positions from then on. */
  private watchRehoming(device: Device, log: Log): Log {
    const watched = Object.create(log) as Log;
    watched.mark = (mark, wallMs, durable) =>
      log.mark(mark, wallMs, (error) => {
        if (mark.kind === "rehome" && error === undefined) this.oracle.rescan(device, log);
        durable(error);
      });
    const noteBeginning = (stream: StreamId): void => {
      device.view.mayMove ||= log.findStream(stream) === undefined;
    };
    watched.receive = (range, durable) => {
      noteBeginning(range.stream);
      return log.receive(range, durable);
    };
    watched.receiveFragment = (fragment, durable) => {
      noteBeginning(fragment.stream);
      return log.receiveFragment(fragment, durable);
    };
    return watched;
  }

  private noteRecovery(recovery: RecoveryReport): void {
    if (recovery.tornBytes > 0) this.coverage.add("torn tail cut");
    if (recovery.copiedBytes > 0) this.coverage.add("unproven tail copied");
    for (const { code } of recovery.reports) this.noteReport(code);
  }

  noteReport(code: string): void {
    const path = reportPaths[code];
    if (path !== undefined) this.coverage.add(path);
  }

  private onOpenFailed(device: Device, error: unknown): void {
    if (error instanceof SimulatedCrash) {
      this.coverage.add("power cut while opening");
      this.powerCut(device);
      return;
    }
    if (!(error instanceof ZamError)) throw error;
    this.note(device, `did not open: ${error.code} ${error.message}`);
    this.coverage.add("log would not open");
    device.openFailure = error;
    if (device.hasDiskFault || ["Z204", "Z205", "Z206"].includes(error.code)) {
      this.queue.after(60_000, () => device.healDisk());
      this.bootLater(device, 61_000);
      return;
    }
    if (device.wounds <= 1)
      throw new Violation("the log opens", `${device.name}: ${error.code} ${error.message}`);
    // Beyond repair: somebody puts in a new card.
    this.replaceCard(device, device.images[device.images.length - 1], "damage");
  }

  /** Another card in the same device: an older image, or an empty one with a new log. */
  replaceCard(device: Device, image: Image | undefined, fault: string): void {
    if (device.isUp) this.kill(device);
    this.oracle.forget(device, fault);
    const stores =
      image === undefined ? undefined : { log: image.log.copy(), peers: image.peers.copy() };
    const fresh = new Device({ ...device, nowMs: this.queue.nowMs });
    device.logStore = stores?.log ?? fresh.logStore;
    device.peerStore = stores?.peers ?? fresh.peerStore;
    device.pendingKeyed.length = 0;
    device.isKnowledgeOld = true;
    device.wounds = image?.wounds ?? 0;
    device.hasDiskFault = false;
    if (image === undefined) {
      device.images.length = 0;
      this.provision(device);
    }
    this.boot(device);
    this.markForked(device);
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
    this.goDown(device);
    device.logStore = device.logStore.crash(this.random.fork());
    device.peerStore = device.peerStore.crash(this.random.fork());
    this.bootLater(device, this.random.between(1_000, 900_000));
  }

  /** kill -9: everything written is there, and the other ends see the connections close. */
  kill(device: Device): void {
    this.note(device, "is killed");
    for (const { end } of device.process?.sessions ?? []) end.abandon();
    this.goDown(device);
    device.logStore = device.logStore.kill();
    device.peerStore = device.peerStore.kill();
  }

  private goDown(device: Device): void {
    device.process = undefined;
    device.isSyncing = false;
    device.hasSyncsPlanned = false;
  }

  /** One `sync` of a clinic: attempts until one completes or its patience ends. */
  sync(device: Device, attempt = 1): void {
    if (!device.isUp || (device.isSyncing && attempt === 1)) return;
    device.isSyncing = true;
    const { life } = device;
    const shape = this.drawLink();
    const connectMs = shape.latencyMs * 3;
    const isReached = this.isHubReachable && this.hub.isUp;
    if (!isReached) this.coverage.add("hub unreachable");
    this.queue.after(connectMs, () => {
      if (!device.isUp || device.life !== life) return;
      if (isReached && this.hub.isUp && this.isHubReachable) connect(this, device, shape, attempt);
      else this.retry(device, life, attempt);
    });
  }

  retry(device: Device, life: number, attempt: number): void {
    if (device.life !== life) return;
    if (attempt >= attemptsMax) {
      device.isSyncing = false;
      return;
    }
    this.queue.after(this.random.between(500, 8_000) * attempt, () => {
      if (device.life === life) this.sync(device, attempt + 1);
    });
  }

  private drawLink(): LinkShape {
    const { link } = this.plan;
    const random = this.linkRandom;
    if (this.isHealed) {
      return {
        latencyMs: 20,
        jitterMs: 0,
        rateBytesPerS: 1_000_000,
        split: "whole",
        cutAtBytes: undefined,
        cutBySilence: false,
      };
    }
    const split = random.pick(link.splits);
    if (split === "bytes") this.coverage.add("single bytes");
    const isCut = random.chance(link.cutShare);
    return {
      latencyMs: link.latencyMs,
      jitterMs: link.jitterMs,
      rateBytesPerS: link.rateBytesPerS,
      split,
      cutAtBytes: isCut ? random.between(1, random.pick([400, 3_000, 30_000])) : undefined,
      cutBySilence: random.chance(0.3),
    };
  }
}

function describe(recovery: RecoveryReport): string {
  const { isClean, tornBytes, copiedBytes, reports } = recovery;
  return `clean=${isClean} torn=${tornBytes} copied=${copiedBytes} ${reports.map(({ code, message }) => `${code} ${message}`).join("; ")}`;
}
