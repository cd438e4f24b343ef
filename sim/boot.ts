/** How a device's log is made and opened, what an opening found, and what becomes of one that fails. */
import { ZamError } from "../src/core/errors/zam-error.ts";
import { epochToText } from "../src/core/event.ts";
import { restoredAlarmId } from "../src/core/log/restored.ts";
import type { ConfirmedHead, Log, ReceiveOutcome } from "../src/core/log/api.ts";
import { createLog, openLog, type RecoveryReport } from "../src/core/log/open.ts";
import { CommitScheduler } from "../src/engine/commit-scheduler.ts";
import { type MemoryStore, SimulatedCrash } from "../src/testing/memory-store.ts";
import type { PathName } from "./coverage.ts";
import type { DataKeys, Device, Process } from "./device.ts";
import { PeerFiles } from "./peer-files.ts";
import { dataKeyOf } from "./ports.ts";
import { beginJudging } from "./schema.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

const reportPaths: Readonly<Record<string, PathName>> = {
  Z507: "rollback found (Z507)",
  Z508: "branch re-homed (Z508)",
  Z509: "stream frozen (Z509)",
  Z510: "stream refused by the peer (Z510)",
  Z511: "stream that may not be delivered (Z511)",
  Z512: "other key refused (Z512)",
  Z516: "lost at source (Z516)",
  Z517: "clock difference reported (Z517)",
  Z518: "epoch renewed by clock (Z518)",
  Z519: "event from the future (Z519)",
  Z524: "told what is held back (Z524)",
  Z209: "damage set aside",
  Z213: "head behind (Z213)",
  Z214: "fresh epoch after unexplained loss (Z214)",
};

export function notePath(world: World, code: string): void {
  const path = reportPaths[code];
  if (path !== undefined) world.coverage.add(path);
}

function logInput(world: World, device: Device, store: MemoryStore) {
  const { plan } = world;
  return {
    store: world.mutant.store?.(store) ?? store,
    crypto: device.crypto,
    nodeId: device.nodeId,
    wallMs: device.clock.wallMs(world.queue.nowMs),
    segmentBytes: plan.segmentBytes,
    checkpointBytes: plan.checkpointBytes,
    ...(plan.isEncrypted ? { dataKey: dataKeyOf(device.nodeId, device.dataKeys.current) } : {}),
  };
}

/**
 * Opens with the key in its place, or else with the one that an interrupted rekey put
 * beside it, as the engine does (open-log.ts). Returns the keys as they then are.
 */
function openWithKey(
  world: World,
  device: Device,
  options: {
    readonly store: MemoryStore;
    readonly confirmed: readonly ConfirmedHead[];
    readonly readOnly?: boolean;
  },
): { readonly log: Log; readonly recovery: RecoveryReport; readonly dataKeys: DataKeys } {
  const { store, ...rest } = options;
  const input = { ...logInput(world, device, store), ...rest };
  const { dataKeys } = device;
  try {
    return { ...openLog(input), dataKeys };
  } catch (error) {
    const { staged } = dataKeys;
    if (!(error instanceof ZamError) || error.code !== "Z301" || staged === undefined) throw error;
    const opened = openLog({ ...input, dataKey: dataKeyOf(device.nodeId, staged) });
    world.coverage.add("opened with the new key of an interrupted rekey");
    return { ...opened, dataKeys: { current: staged } };
  }
}

/** A new log, as `keygen` makes it. */
export function provision(world: World, device: Device): void {
  const input = logInput(world, device, device.logStore);
  createLog({ ...input, epoch: world.random.next32() }).close();
}

/** As a reader opens it, who changes nothing. */
export function openReadOnly(world: World, device: Device, store: MemoryStore) {
  return openWithKey(world, device, { store, confirmed: [], readOnly: true });
}

/** As `restore` does with a log from a snapshot before anything uses it. */
export function beginEpoch(world: World, device: Device): void {
  const { log, dataKeys } = openWithKey(world, device, { store: device.logStore, confirmed: [] });
  device.dataKeys = dataKeys;
  const wallMs = device.clock.wallMs(world.queue.nowMs);
  const id = restoredAlarmId(epochToText(log.ownEpoch));
  log.mark({ kind: "newEpoch", reason: "Z227" }, wallMs, () => {});
  log.mark({ kind: "alarm", id, code: "Z227", text: "restored" }, wallMs, () => {});
  log.close();
}

export function boot(world: World, device: Device): void {
  device.isBootPlanned = false;
  if (device.isUp) return;
  device.life++;
  let opened: { readonly log: Log; readonly recovery: RecoveryReport; readonly peers: PeerFiles };
  try {
    world.mutant.beforeOpen?.(device, () => openReadOnly(world, device, device.logStore).log);
    const peers = new PeerFiles(device.peerStore, device.crypto);
    const heads = peers.confirmedHeads();
    const confirmed = world.mutant.confirmed?.(heads) ?? heads;
    const { dataKeys, ...found } = openWithKey(world, device, {
      store: device.logStore,
      confirmed,
    });
    device.dataKeys = dataKeys;
    opened = { ...found, peers };
  } catch (error) {
    return onOpenFailed(world, device, error);
  }
  begin(world, device, opened);
}

function begin(
  world: World,
  device: Device,
  opened: { readonly log: Log; readonly recovery: RecoveryReport; readonly peers: PeerFiles },
): void {
  const { coverage, oracle, queue } = world;
  const watched = watchRehoming(world, device, opened.log);
  const log = world.mutant.log?.(watched, device) ?? watched;
  const process: Process = {
    log,
    peers: opened.peers,
    commits: new CommitScheduler(log, () => device.clock.wallMs(queue.nowMs)),
    sessions: new Set(),
    bootedMs: queue.nowMs,
  };
  device.process = process;
  device.openFailure = undefined;
  const segments = device.logStore.list().filter((name) => name.endsWith(".seg"));
  if (segments.length > 2) coverage.add("segment rolled");
  world.note(device, `opened: ${describe(opened.recovery)}`);
  world.guard(device, device.life, () => {
    noteRecovery(world, opened.recovery);
    // A log that may not be written lists only what is proven; the rest is still on the disk.
    if (opened.log.readOnlyReason !== undefined) device.hasCut ||= opened.recovery.tornBytes > 0;
    if (opened.log.readOnlyReason === undefined) oracle.rescan(device, opened.log, opened.recovery);
    log.onDurable(() => {
      oracle.refresh(device, opened.log);
    });
  });
  if (device.role === "hub") beginJudging(world, device);
  if (device.isUp && log.readOnlyReason !== undefined) world.restartLater(device);
}

/** Re-homed events have other positions from then on. */
function watchRehoming(world: World, device: Device, log: Log): Log {
  const watched = Object.create(log) as Log;
  watched.mark = (mark, wallMs, durable) =>
    log.mark(mark, wallMs, (error) => {
      if (mark.kind === "rehome" && error === undefined) world.oracle.rescan(device, log);
      durable(error);
    });
  const noteMoved = (outcome: ReceiveOutcome): ReceiveOutcome => {
    if (outcome.moved === undefined) return outcome;
    world.coverage.add("re-homing repeated");
    world.oracle.rescan(device, log);
    return outcome;
  };
  watched.receive = (range, durable) => noteMoved(log.receive(range, durable));
  watched.receiveFragment = (fragment, durable) =>
    noteMoved(log.receiveFragment(fragment, durable));
  return watched;
}

function noteRecovery(world: World, recovery: RecoveryReport): void {
  const { coverage } = world;
  if (recovery.tornBytes > 0) coverage.add("torn tail cut");
  if (recovery.copiedBytes > 0) coverage.add("unproven tail copied");
  for (const { code } of recovery.reports) notePath(world, code);
}

function onOpenFailed(world: World, device: Device, error: unknown): void {
  const { coverage, queue } = world;
  if (error instanceof SimulatedCrash) {
    coverage.add("power cut while opening");
    world.powerCut(device);
    return;
  }
  if (!(error instanceof ZamError)) throw error;
  world.note(device, `did not open: ${error.code} ${error.message}`);
  coverage.add("log would not open");
  device.openFailure = error;
  if (device.hasDiskFault || ["Z204", "Z205", "Z206"].includes(error.code)) {
    queue.after(60_000, () => device.healDisk());
    world.bootLater(device, 61_000);
    return;
  }
  if (device.wounds <= 1)
    throw new Violation("the log opens", `${device.name}: ${error.code} ${error.message}`);
  // Beyond repair: somebody puts in a new card.
  world.replaceCard(device, device.images[device.images.length - 1], "damage");
}

function describe(recovery: RecoveryReport): string {
  const { isClean, tornBytes, copiedBytes, reports } = recovery;
  return `clean=${isClean} torn=${tornBytes} copied=${copiedBytes} ${reports.map(({ code, message }) => `${code} ${message}`).join("; ")}`;
}
