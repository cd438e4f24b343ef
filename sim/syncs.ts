/** One `sync` of a clinic: attempts over links of all kinds until one completes or its patience ends. */
import type { LinkShape } from "./connection.ts";
import type { Device } from "./device.ts";
import { connect } from "./sessions.ts";
import type { World } from "./world.ts";

const attemptsMax = 4;

export function sync(world: World, device: Device, attempt = 1): void {
  if (!device.isUp || (device.isSyncing && attempt === 1)) return;
  device.isSyncing = true;
  const { life } = device;
  dial(world, device, (shape) => {
    if (shape === undefined) retry(world, device, life, attempt);
    else
      connect(world, device, shape, attempt, (isOver) => {
        if (isOver) device.isSyncing = false;
        else retry(world, device, life, attempt);
      });
  });
}

/** A second connection of the same device, while its first may still be open. */
export function connectAgain(world: World, device: Device): void {
  if (!device.isUp) return;
  dial(world, device, (shape) => {
    if (shape === undefined) return;
    if ((device.process?.sessions.size ?? 0) > 0) {
      world.coverage.add("second connection of one device");
      // What the first learned of the hub since it began may not be saved yet.
      device.isKnowledgeOld = true;
    }
    connect(world, device, shape, 1, () => undefined);
  });
}

function dial(world: World, device: Device, then: (shape: LinkShape | undefined) => void): void {
  const { life } = device;
  const shape = drawLink(world);
  const canReach = (): boolean => world.isHubReachable && world.hub.isUp;
  const isReached = canReach();
  if (!isReached) world.coverage.add("hub unreachable");
  world.queue.after(shape.latencyMs * 3, () => {
    if (!device.isUp || device.life !== life) return;
    const isTurnedAway = device.isRevoked && world.mutant.ignoresRevocation !== true;
    if (isTurnedAway) world.coverage.add("revoked device turned away");
    then(isReached && canReach() && !isTurnedAway ? shape : undefined);
  });
}

function retry(world: World, device: Device, life: number, attempt: number): void {
  if (device.life !== life) return;
  if (attempt >= attemptsMax) {
    device.isSyncing = false;
    return;
  }
  world.queue.after(world.random.between(500, 8_000) * attempt, () => {
    if (device.life === life) sync(world, device, attempt + 1);
  });
}

export function drawLink(world: World): LinkShape {
  const { link } = world.plan;
  const random = world.linkRandom;
  if (world.isHealed) {
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
  if (split === "bytes") world.coverage.add("single bytes");
  if (split === "pieces") world.coverage.add("split into pieces");
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
