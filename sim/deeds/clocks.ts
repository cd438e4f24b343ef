/** What happens to a device's clock: jumps of an hour to 40 years either way, drift, a stop, 1970. */
import type { SeededRandom } from "../../src/testing/seeded-random.ts";
import type { Device } from "../device.ts";
import type { World } from "../world.ts";

export const clockDeeds = [
  "clockAhead",
  "clockBack",
  "clockStop",
  "clock1970",
  "clockDrift",
] as const;

export type ClockDeed = (typeof clockDeeds)[number];

const yearMs = 365 * 86_400_000;

export function failClock(
  world: World,
  random: SeededRandom,
  name: ClockDeed,
  device: Device,
): void {
  const { coverage } = world;
  const { nowMs } = world.queue;
  const spanMs = random.pick([3_600_000, 3 * 86_400_000, yearMs, 40 * yearMs]);
  switch (name) {
    case "clockAhead":
      coverage.add("clock jumps ahead");
      if (spanMs >= yearMs) coverage.add("clock jumps by years");
      return device.clock.step(nowMs, spanMs);
    case "clockBack":
      coverage.add("clock jumps back");
      return device.clock.step(nowMs, -spanMs);
    case "clockStop":
      coverage.add("clock stops");
      return device.clock.setRate(nowMs, 0);
    case "clock1970":
      coverage.add("clock restarts at 1970");
      return device.clock.set(nowMs, random.below(1000), 1);
    case "clockDrift":
      coverage.add("clock drifts");
      return device.clock.setRate(nowMs, random.pick([0.9, 0.999, 1.001, 1.2]));
  }
}
