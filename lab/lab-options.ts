/** What `npm run lab` is told on its command line. */
import { parseArgs } from "node:util";
import type { EventKind } from "./clinic-events.ts";
import type { LabPlan } from "./lab-run.ts";
import type { DeadlyCut } from "./link.ts";
import { peers } from "./peers/index.ts";
import { profileNames, profileOf } from "./profiles.ts";
import { seedFromEnvironment } from "./random.ts";
import { scenarioNames } from "./scenarios.ts";
import type { Scale } from "./scenarios.ts";

const kinds: readonly EventKind[] = ["tiny", "visit", "fhir"];
const cuts: readonly DeadlyCut[] = ["rst", "fin", "silence"];
const peerNames = peers.map(({ name }) => name);

const fullScale: Scale = {
  backlogEvents: 5000,
  moreEvents: 10,
  clinics: 5,
  clinicEvents: 1000,
  downMs: 5000,
};
const quickScale: Scale = { ...fullScale, backlogEvents: 500, clinicEvents: 100, downMs: 2000 };

export const usage = `usage: npm run lab -- [--profile ${profileNames.join("|")}]…
  [--kind ${kinds.join("|")}]… [--scenario ${scenarioNames.join("|")}]…
  [--peer ${peerNames.join("|")}]… [--cut ${cuts.join("|")}] [--quick] [--seed N] [--out DIR]
Each may be given several times, or once as "all". LAB_LINK=toxiproxy takes the real Toxiproxy.`;

export interface LabOptions {
  readonly plan: LabPlan;
  readonly outDir: string;
}

/** Throws with a line for the person when something is not known. */
export function parseLabOptions(args: readonly string[]): LabOptions {
  const list = { type: "string", multiple: true } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      profile: { ...list, default: ["bhutan-2g"] },
      kind: { ...list, default: ["visit"] },
      scenario: { ...list, default: ["all"] },
      peer: { ...list, default: ["all"] },
      cut: { type: "string", default: "rst" },
      quick: { type: "boolean", default: false },
      seed: { type: "string" },
      out: { type: "string", default: "lab/out" },
    },
  });
  const seed = Number(values.seed ?? seedFromEnvironment());
  if (!Number.isInteger(seed)) throw new Error(`not a seed: ${values.seed}`);
  const wanted = new Set(pick("peer", peerNames, values.peer));
  return {
    outDir: values.out,
    plan: {
      profiles: Object.fromEntries(
        pick("profile", profileNames, values.profile).map((name) => [name, profileOf(name)]),
      ),
      kinds: pick("kind", kinds, values.kind),
      scenarios: pick("scenario", scenarioNames, values.scenario),
      peers: peers.filter(({ name }) => wanted.has(name)),
      scale: values.quick ? quickScale : fullScale,
      seed,
      cutMode: pick("cut", cuts, [values.cut])[0] ?? "rst",
    },
  };
}

/** The wanted ones of what there is, in the order of what there is. */
function pick<T extends string>(what: string, known: readonly T[], wanted: readonly string[]): T[] {
  const unknown = wanted.find((name) => name !== "all" && !known.some((one) => one === name));
  if (unknown !== undefined) throw new Error(`no such ${what}: ${unknown}`);
  return known.filter((one) => wanted.includes("all") || wanted.includes(one));
}
