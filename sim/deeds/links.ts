/** What happens to connections, beside what the plan's links do by themselves. */
import type { SeededRandom } from "../../src/testing/seeded-random.ts";
import type { Connection } from "../connection.ts";
import type { World } from "../world.ts";

export const linkDeeds = [
  "cutConnection",
  "blackhole",
  "delay",
  "abandon",
  "connectTwice",
  "hubUnreachable",
] as const;

export type LinkDeed = (typeof linkDeeds)[number];

export function failLink(world: World, random: SeededRandom, name: LinkDeed): void {
  const { coverage } = world;
  if (name === "hubUnreachable") {
    world.isHubReachable = false;
    world.queue.after(random.between(1_000, 120_000), () => {
      world.isHubReachable = true;
    });
    return;
  }
  if (name === "connectTwice") return connectTwice(world, random);
  const connection = pickOpen(world, random);
  if (connection === undefined) return;
  switch (name) {
    case "cutConnection":
      coverage.add("connection cut");
      return connection.cut();
    case "blackhole":
      coverage.add("connection blackholed");
      connection.isSilent = true;
      return;
    case "delay":
      coverage.add("bytes delayed");
      connection.delayMs = Math.max(connection.delayMs, random.between(200, 40_000));
      return;
    case "abandon":
      // The clinic's side gives up; what it sent still arrives, perhaps after its next connection's bytes.
      coverage.add("late bytes of an abandoned connection");
      connection.delayMs = Math.max(connection.delayMs, random.between(1_000, 20_000));
      connection.near.end();
  }
}

/** The same device opens a second connection while its first is open. */
function connectTwice(world: World, random: SeededRandom): void {
  const busy = world.clinics.filter(({ process }) => (process?.sessions.size ?? 0) > 0);
  if (busy.length > 0) world.connectAgain(random.pick(busy));
}

function pickOpen(world: World, random: SeededRandom): Connection | undefined {
  for (const connection of world.connections)
    if (connection.isOver) world.connections.delete(connection);
  const open = [...world.connections].filter((connection) => !connection.isSilent);
  return open.length > 0 ? random.pick(open) : undefined;
}
