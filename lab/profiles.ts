/**
 * The links that the lab, the demo and the benchmarks run on, by name. Delays are
 * one way, and both directions have the same nature.
 */
import type { LineOptions } from "./link-flow.ts";

export interface Profile extends Required<LineOptions> {
  /** What it stands for, in a few words. */
  readonly title: string;
}

const profiles = {
  "bhutan-2g": {
    title: "EDGE at the edge of a cell: 600 ± 100 ms one way, 30 KB/s",
    delayMs: 600,
    jitterMs: 100,
    rateBytesPerS: 30_000,
  },
  "rural-23k": {
    title: "GPRS with two time slots: 600 ms one way, 23 kbit/s",
    delayMs: 600,
    jitterMs: 0,
    rateBytesPerS: 2875,
  },
  satellite: {
    title: "geostationary, shared: 1200 ± 200 ms one way, 100 kbit/s",
    delayMs: 1200,
    jitterMs: 200,
    rateBytesPerS: 12_500,
  },
  "urban-3g": {
    title: "3G in town: 80 ± 20 ms one way, 1 Mbit/s",
    delayMs: 80,
    jitterMs: 20,
    rateBytesPerS: 125_000,
  },
} as const satisfies Readonly<Record<string, Profile>>;

export type ProfileName = keyof typeof profiles;

export const profileNames = Object.keys(profiles) as readonly ProfileName[];

/** The profile of a name, or undefined: names come from the command line. */
export function findProfile(name: string): Profile | undefined {
  return Object.hasOwn(profiles, name) ? profiles[name as ProfileName] : undefined;
}

export function profileOf(name: ProfileName): Profile {
  return profiles[name];
}
