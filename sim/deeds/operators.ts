/**
 * What operators do, at any moment and beside everything else: give room back,
 * let old events go, copy a node and bring it back, shut a device out and let it
 * in again, look after alarms, read everything once. The decisions are the
 * engine's (`care-plan.ts`) and the log's; only the steps run in virtual time.
 */
import { ZamError } from "../../src/core/errors/zam-error.ts";
import type { Log, ReclaimWork, RekeyWork } from "../../src/core/log/api.ts";
import {
  type CareNode,
  type Plan,
  planCompact,
  planExpire,
  type Steps,
} from "../../src/engine/care-plan.ts";
import { MemoryStore } from "../../src/testing/memory-store.ts";
import type { SeededRandom } from "../../src/testing/seeded-random.ts";
import type { FaultName } from "../coverage.ts";
import type { Device, Image } from "../device.ts";
import { dataKeyOf } from "../ports.ts";
import { checkCut, noteDropped } from "../operator-checks.ts";
import { Violation } from "../violation.ts";
import type { World } from "../world.ts";

export const operatorDeeds = [
  "compact",
  "expire",
  "snapshot",
  "restoreSnapshot",
  "revoke",
  "readmit",
  "ackAlarm",
  "verify",
  "rekey",
] as const;

export type OperatorDeed = (typeof operatorDeeds)[number];

const hourMs = 3_600_000;
const stepMs = 20;
const snapshotsMax = 2;

export class Operators {
  private readonly world: World;
  private readonly random: SeededRandom;

  constructor(world: World, random: SeededRandom) {
    this.world = world;
    this.random = random;
  }

  do(name: OperatorDeed, device: Device): void {
    const { world, random } = this;
    switch (name) {
      case "compact":
        return this.care(device, "room given back", (node) =>
          planCompact(node, { graceMs: random.pick([0, hourMs, 10 * hourMs]) }),
        );
      case "expire":
        return this.care(
          device,
          device.role === "hub" ? "retention at the hub" : "old events expired",
          (node) =>
            planExpire(node, {
              olderThanMs: random.pick([0, hourMs, 10 * hourMs]),
              minKeep: random.below(3),
            }),
        );
      case "snapshot":
        return this.snapshot(device);
      case "restoreSnapshot": {
        const image = device.snapshots.length > 0 ? random.pick(device.snapshots) : undefined;
        if (image === undefined) return;
        world.coverage.add("restored from a snapshot");
        return world.replaceCard(device, image, "restore", { beginsEpoch: true });
      }
      case "revoke":
        return this.revoke(device);
      case "readmit":
        return world.readmit(device);
      case "ackAlarm":
        return this.ackAlarm(device);
      case "verify":
        return this.verify(device);
      case "rekey":
        return this.rekey(device);
    }
  }

  /** Plans and carries out in steps, with whatever comes in between; a restart ends it anywhere. */
  private care(device: Device, name: FaultName, planOf: (node: CareNode) => Steps<Plan>): void {
    const { process } = device;
    if (process === undefined || device.isCaredFor) return;
    const { world } = this;
    const { log, peers } = process;
    const wallMs = device.clock.wallMs(world.queue.nowMs);
    const uptimeMs = world.queue.nowMs - process.bootedMs;
    let steps: Steps<Plan> | undefined;
    this.inSteps(device, () => {
      steps ??= planOf({ log, role: device.role, peers: peers.all, wallMs, uptimeMs });
      const step = steps.next();
      if (step.done !== true) return "more";
      const cuts = world.mutant.cuts?.(step.value.cuts, log) ?? step.value.cuts;
      if (cuts.length === 0) this.reclaim(device, log, name);
      else {
        checkCut(world.oracle, device, cuts, world.hub);
        log.cut(cuts, wallMs, (error) => {
          if (error !== undefined) return;
          world.coverage.add("floor set");
          noteDropped(world.oracle, device, log);
          this.reclaim(device, log, name);
        });
      }
      return "done";
    });
  }

  private reclaim(device: Device, log: Log, name: FaultName): void {
    const { world } = this;
    if (device.isCaredFor) return;
    const work: ReclaimWork = log.reclaim(device.clock.wallMs(world.queue.nowMs));
    const { life } = device;
    device.isCaredFor = true;
    const next = (): void =>
      world.guard(device, life, () =>
        work.step((step) => {
          if (step === "more") {
            world.queue.after(stepMs, next);
            return;
          }
          device.isCaredFor = false;
          if (step instanceof ZamError) world.note(device, `care ended: ${step.code}`);
          else world.coverage.add(name);
          if (work.freedBytes > 0) world.coverage.add("segments written anew");
        }),
      );
    world.queue.after(stepMs, next);
  }

  /**
   * A new data key as the engine gives it (rekey.ts): durable beside the present one before the
   * log learns of it, in its place once the log has; a run that was interrupted is gone on with.
   */
  private rekey(device: Device): void {
    const { world } = this;
    const { process, life } = device;
    if (process === undefined || device.isCaredFor || !world.plan.isEncrypted) return;
    const { log } = process;
    const isResumed = log.isRekeying;
    if (log.readOnlyReason !== undefined) return;
    if (isResumed) world.coverage.add("interrupted rekey gone on with");
    else device.dataKeys = { ...device.dataKeys, staged: world.newKeyNumber() };
    const { current, staged = current } = device.dataKeys;
    const work: RekeyWork = log.rekey(isResumed ? undefined : dataKeyOf(device.nodeId, staged));
    device.isCaredFor = true;
    const next = (): void =>
      world.guard(device, life, () =>
        work.step((step) => {
          if (device.life !== life || !device.isUp) return;
          if (step === "install") device.dataKeys = { current: staged };
          if (step === "more" || step === "install" || step === "sealSidecars") {
            world.queue.after(stepMs, next);
            return;
          }
          device.isCaredFor = false;
          if (step === "done") world.coverage.add("new data key");
          else this.endRekey(device, log, step);
        }),
      );
    world.queue.after(stepMs, next);
  }

  /** When a sync failed, nobody knows which of the two keys is in force. */
  private endRekey(device: Device, log: Log, error: ZamError): void {
    this.world.note(device, `rekey ended: ${error.code}`);
    if (!log.isRekeying && log.readOnlyReason === undefined)
      device.dataKeys = { current: device.dataKeys.current };
  }

  private inSteps(device: Device, step: () => "more" | "done"): void {
    const { world } = this;
    const { life } = device;
    const next = (): void =>
      world.guard(device, life, () => {
        try {
          if (step() === "more") world.queue.after(stepMs, next);
        } catch (error) {
          // A log that writes nothing any more, or a disk that refuses to be read now.
          if (!(error instanceof ZamError)) throw error;
          world.note(device, `care ended: ${error.code}`);
        }
      });
    next();
  }

  /** As `snapshot` makes it: lengths of one moment, then opened and read whole. */
  private snapshot(device: Device): void {
    const { process } = device;
    if (process === undefined || device.hasDiskFault) return;
    const { world } = this;
    world.guard(device, device.life, () => {
      const { files, made } = process.log.snapshot();
      const bytesByName = device.logStore.dump();
      const copy = new Map<string, Uint8Array>();
      for (const { name, bytes } of made) copy.set(name, bytes);
      for (const { name, sizeBytes } of files)
        copy.set(name, (bytesByName.get(name) ?? new Uint8Array(0)).slice(0, sizeBytes));
      const image: Image = {
        ...device.image(),
        log: MemoryStore.fromFiles(copy, { syncs: "queued" }),
      };
      this.checkSnapshot(device, image);
      if (device.snapshots.length === snapshotsMax) device.snapshots.shift();
      device.snapshots.push(image);
      world.coverage.add("snapshot taken");
    });
  }

  private checkSnapshot(device: Device, image: Image): void {
    const { world } = this;
    const { log, recovery } = world.openReadOnly(device, image.log.copy());
    if (device.wounds > 0) return;
    if (recovery.needsWriter || recovery.reports.length > 0)
      throw new Violation(
        "a snapshot opens clean",
        `${device.name}: ${recovery.reports[0]?.message}`,
      );
    for (let index = 0; index < log.streamCount; index++) {
      const { id, head } = log.stream(index);
      const live = device.process?.log.findStream(id);
      const liveHead = live === undefined ? undefined : device.process?.log.streamHead(live);
      if (liveHead !== head)
        throw new Violation(
          "a snapshot holds what is durable",
          `${device.name}: head ${head}, not ${liveHead}`,
        );
    }
    checkVerified(device, log);
  }

  private revoke(device: Device): void {
    const { world } = this;
    if (device.role === "hub" || device.isRevoked || world.isCloned(device)) return;
    device.revokedMs = world.queue.nowMs;
    world.oracle.revoked.set(device.nodeId, device.revokedMs);
    world.coverage.add("device revoked");
    const { process } = world.hub;
    for (const session of [...(process?.sessions ?? [])]) {
      if (session.peer !== device) continue;
      world.coverage.add("live session of a revoked device ended");
      world.guard(world.hub, world.hub.life, () => session.refuse());
    }
  }

  private ackAlarm(device: Device): void {
    const { world, random } = this;
    const log = device.process?.log;
    if (log === undefined || log.alarms.length === 0 || log.readOnlyReason !== undefined) return;
    const { id } = random.pick(log.alarms);
    world.guard(device, device.life, () =>
      log.mark({ kind: "alarmAck", id }, device.clock.wallMs(world.queue.nowMs), (error) => {
        if (error !== undefined) return;
        world.coverage.add("alarm acknowledged");
        if (log.alarms.some((alarm) => alarm.id === id))
          throw new Violation("an acknowledged alarm is gone", `${device.name}: ${id}`);
      }),
    );
  }

  /** As `verify` and `doctor` read everything. */
  private verify(device: Device): void {
    const { world } = this;
    const log = device.process?.log;
    if (log === undefined || device.hasDiskFault) return;
    world.guard(device, device.life, () => {
      checkVerified(device, log);
      world.coverage.add("everything verified");
    });
  }
}

function checkVerified(device: Device, log: Log): void {
  const problems: string[] = [];
  const run = log.verify(({ problem, segment, offset }) =>
    problems.push(`${problem} (segment ${segment}, ${offset})`),
  );
  while (run.step());
  if (problems.length > 0 && device.wounds === 0)
    throw new Violation("a sound log verifies", `${device.name}: ${problems[0]}`);
}
