/**
 * The end of a run: all faults are mended, every clinic syncs until nothing
 * moves, and then everybody must hold what they should. Liveness is judged
 * here; so is what took too long to be judged after every step.
 */
import { compareHlc } from "../src/core/clock/hlc.ts";
import { rangesContain } from "../src/core/vector/ranges.ts";
import { epochKey, type Held, positionKey } from "./device-view.ts";
import type { Device } from "./device.ts";
import type { Fact } from "./oracle.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

const roundsMax = 10;
/** More virtual time than any session may take in a good world. */
const roundMs = 3 * 3_600_000;

export function heal(world: World): void {
  world.isHealed = true;
  world.isHubReachable = true;
  for (const connection of world.connections) connection.cut();
  world.connections.clear();
  for (const device of world.devices) {
    device.healDisk();
    device.clock.heal(world.queue.nowMs);
    device.diskMs = world.plan.diskMs;
    world.readmit(device);
    // An opening looks at everything anew, so that damage that nobody has met yet is known.
    if (device.isUp) world.kill(device);
    if (!device.isUp) world.boot(device);
  }
}

/** Syncs in rounds until all is where it should be; a violation when it does not come to that. */
export function settle(world: World): void {
  let problem: string | undefined;
  for (let round = 0; round < roundsMax; round++) {
    for (const device of world.clinics) world.sync(device);
    const untilMs = world.queue.nowMs + roundMs;
    while (world.queue.step(untilMs));
    world.queue.nowMs = Math.max(world.queue.nowMs, untilMs);
    for (const device of world.devices) if (!device.isUp) world.boot(device);
    for (const device of world.devices) {
      const { process } = device;
      if (process !== undefined) world.oracle.rescan(device, process.log);
    }
    problem = findMissing(world);
    world.trace.note(`settling, round ${round + 1}: ${problem ?? "done"}`);
    if (problem === undefined && round > 0) break;
  }
  if (problem !== undefined) throw new Violation("everyone converges", problem);
}

function findMissing(world: World): string | undefined {
  for (const fact of world.oracle.facts.values()) {
    if (fact.holders.size === 0) {
      if (fact.isAcked && fact.destroyedBy === undefined)
        return `event ${fact.uid} was acknowledged and is nowhere`;
      continue;
    }
    for (const device of world.devices) {
      if (!isDue(world, fact, device) || device.view.positionByUid.has(fact.uid)) continue;
      if (isFrozen(fact, device) || isSettledOtherwise(world, fact, device)) continue;
      return `event ${fact.uid} of ${fact.node} '${fact.lane}' is at ${[...fact.holders].map(({ name }) => name).join(", ")} and not at ${device.name}`;
    }
  }
  return undefined;
}

function isDue(world: World, fact: Fact, device: Device): boolean {
  if (device.role === "hub") return true;
  return world.oracle.permissions.mayHold(device, { node: fact.node, epoch: 0, lane: fact.lane });
}

/**
 * What no rule brings back: a clinic delivers nobody's events but its own, a hub
 * takes its own from nobody but a hub (RULES 33); what a stream's origin has declared lost stays lost for it, also
 * where a copy turns up later; and beyond a hole that only the other end has,
 * nothing can be proven.
 */
function isSettledOtherwise(world: World, fact: Fact, device: Device): boolean {
  const { hub } = world;
  if (fact.node === hub.nodeId && !fact.holders.has(hub)) return true;
  const isWithRelaysOnly = [...fact.holders].every(
    (holder) => holder !== hub && holder.nodeId !== fact.node,
  );
  if (isWithRelaysOnly) return true;
  const log = device.process?.log;
  for (const holder of fact.holders) {
    const held = holder.view.held.get(holder.view.positionByUid.get(fact.uid) ?? "");
    const index = held === undefined ? undefined : log?.findStream(held.stream);
    if (held === undefined || log === undefined) continue;
    const state = index === undefined ? undefined : log.stream(index);
    if (state !== undefined && rangesContain(state.lost, held.seq)) return true;
    if (floorOf(device, held) >= held.seq || floorOf(hub, held) >= held.seq) return true;
    const source = holder.process?.log;
    const sourceIndex = source?.findStream(held.stream);
    if (source === undefined || sourceIndex === undefined) continue;
    const { holes, lost } = source.stream(sourceIndex);
    const head = state?.head ?? 0;
    const gap = state?.holes.find(({ from, to }) => from <= held.seq && held.seq <= to);
    // The first seq that the device needs before this one, to prove what it is given.
    const first = gap?.from ?? head + 1;
    const isUnproven = [...holes, ...lost].some(({ from, to }) => to >= first && from < held.seq);
    const isBehindLoss = state !== undefined && rangesContain(state.lost, first - 1);
    if (isBehindLoss || (isUnproven && !mustDeclare(world, holder, held))) return true;
  }
  return false;
}

/** The author itself lacks what comes before: it declares that lost, and goes on behind it (RULES 40). */
function mustDeclare(world: World, holder: Device, { stream }: Held): boolean {
  const isAuthor = holder.nodeId === stream.node && !world.isCloned(holder);
  return isAuthor && !world.oracle.isDerived(epochKey(stream));
}

function floorOf(device: Device, { stream }: Held): number {
  const log = device.process?.log;
  const index = log?.findStream(stream);
  return index === undefined ? 0 : (log?.stream(index).floor?.seq ?? 0);
}

/** Two branches met where their origin was not present: the stream stands still there, and says so (RULES 25). */
function isFrozen(fact: Fact, device: Device): boolean {
  const log = device.process?.log;
  if (log === undefined || fact.node === device.nodeId) return false;
  for (let index = 0; index < log.streamCount; index++) {
    const { id, isFrozen: isStill } = log.stream(index);
    if (isStill && id.node === fact.node && id.lane === fact.lane) return true;
  }
  return false;
}

/** After settling: the same content at the same position everywhere, also where it was disputed before. */
export function checkAgreement(world: World): void {
  const contents = new Map<string, { readonly held: Held; readonly device: Device }>();
  for (const device of world.devices) {
    const { process } = device;
    if (process === undefined)
      throw new Violation(
        "everyone converges",
        `${device.name} does not open: ${device.openFailure?.message}`,
      );
    const positions = new Map<number, string>();
    for (const held of device.view.held.values()) {
      const key = positionKey(held.stream, held.seq);
      const other = positions.get(held.uid);
      if (other !== undefined)
        throw new Violation(
          "nothing is delivered twice",
          `${device.name}: event ${held.uid} is at ${other} and at ${key}`,
        );
      positions.set(held.uid, key);
      // A hub that was restored twice may have told two clinics two things, and has neither now.
      const isOrphan = held.stream.node === world.hub.nodeId && !world.hub.view.held.has(key);
      if (isOrphan) continue;
      const known = contents.get(key);
      // Chains of a derived stream are counted up from its beginning, so behind a hole they say nothing.
      const isSame =
        known?.held.uid === held.uid &&
        (known.held.chain === held.chain || world.oracle.isDerived(epochKey(held.stream)));
      if (known === undefined) contents.set(key, { held, device });
      else if (!isSame && !isStreamFrozen(world, held))
        throw new Violation(
          "one payload a position",
          `${key} differs between ${known.device.name} and ${device.name}`,
        );
    }
  }
}

/** Events in the order in which a node lists them: the same of all nodes, where they hold the same. */
export function checkOrder(world: World): void {
  const rankAtHub = new Map(listed(world.hub).map((held, rank) => [held.uid, rank]));
  for (const device of world.clinics) {
    let last = -1;
    for (const held of listed(device)) {
      const rank = rankAtHub.get(held.uid);
      if (rank === undefined) continue;
      if (rank < last)
        throw new Violation("same set, same order", `${device.name}: event ${held.uid}`);
      last = rank;
    }
  }
}

/** A hub that was set back, or lost sectors, waits for nothing that is nowhere to be had (RULES 8). */
export function checkFloors(world: World): void {
  const hub = world.hub.process?.log;
  for (const device of world.clinics) {
    const log = device.process?.log;
    for (let index = 0; log !== undefined && index < log.streamCount; index++) {
      const { id, floor } = log.stream(index);
      const there = hub?.findStream(id);
      if (id.node !== device.nodeId || floor === undefined || there === undefined) continue;
      const awaited = hub?.stream(there).holes.find(({ from }) => from <= floor.seq);
      if (awaited !== undefined && hub?.stream(there).isFrozen !== true)
        throw new Violation(
          "a floor is told",
          `the hub awaits ${positionKey(id, awaited.from)}, below ${device.name}'s floor ${floor.seq}`,
        );
    }
  }
}

function listed(device: Device): readonly Held[] {
  return [...device.view.held.values()].sort(
    (a, b) =>
      compareHlc(a.hlc, b.hlc) || (positionKey(a.stream, 0) < positionKey(b.stream, 0) ? -1 : 1),
  );
}

function isStreamFrozen(world: World, held: Held): boolean {
  return world.devices.some(({ process }) => {
    const index = process?.log.findStream(held.stream);
    return index !== undefined && process?.log.stream(index).isFrozen === true;
  });
}

/** Everything is closed and opened once more, and nothing may be missing or bad. */
export function checkReopening(world: World): void {
  for (const device of world.devices) {
    const { process, life } = device;
    if (process === undefined) continue;
    world.guard(device, life, () => process.log.close());
    world.kill(device);
    world.boot(device);
    const log = device.process?.log;
    if (log === undefined)
      throw new Violation("the log opens", `${device.name}: ${device.openFailure?.message}`);
    if (log.readOnlyReason !== undefined)
      throw new Violation("the log opens", `${device.name}: ${log.readOnlyReason.message}`);
  }
}
