/**
 * `npm run bench:wire`: bytes an event on the wire, by codec, beside the size of the same
 * corpus as it is and by `xz -9e`. No link, no TLS, every frame of both directions
 * counted; under two minutes. `--count 1000` is a quick look.
 *
 * What is aimed at stands in the last columns. A figure above it is marked; a fresh
 * UUID is 15.3 bytes that nothing makes smaller, so it depends on how many a corpus has.
 */
import { parseArgs } from "node:util";
import type { EventKind } from "./clinic-events.ts";
import {
  type CorpusSize,
  measureCorpus,
  measureWire,
  type WireCost,
  wireLevels,
} from "./wire-cost.ts";

interface Bound {
  readonly must: number;
  readonly aim: number;
}

type Bounds = Readonly<Record<EventKind, Bound>>;

/** By level, for a backlog of 5,000; and ten events more at level 2. */
const backlogBounds: Readonly<Record<string, Bounds>> = {
  "mix (level 2)": {
    tiny: { must: 4.5, aim: 3.3 },
    visit: { must: 20, aim: 17.2 },
    fhir: { must: 44, aim: 39.5 },
  },
  "tokens (level 1)": {
    tiny: { must: 7, aim: 6 },
    visit: { must: 31, aim: 28 },
    fhir: { must: 66, aim: 62 },
  },
};
const tenMoreBounds: Bounds = {
  tiny: { must: 6, aim: 4 },
  visit: { must: 21, aim: 16.5 },
  fhir: { must: 45, aim: 40 },
};

function verdict(value: number, bound: Bound | undefined): string {
  if (bound === undefined) return "";
  const mark = value <= bound.aim ? "aim" : value <= bound.must ? "must" : "OVER";
  return `${mark} (${bound.must} / ${bound.aim})`;
}

function row(kind: EventKind, name: string, cost: WireCost, { raw, xz }: CorpusSize): string {
  const share = (of: number | undefined): string =>
    of === undefined ? "" : `${((cost.backlog / of) * 100).toFixed(of === xz ? 0 : 1)} %`;
  const tenMore = name === "mix (level 2)" ? tenMoreBounds[kind] : undefined;
  return [
    name.padEnd(28),
    cost.backlog.toFixed(2).padStart(8),
    share(raw).padStart(8),
    share(xz).padStart(8),
    verdict(cost.backlog, backlogBounds[name]?.[kind]).padEnd(18),
    cost.tenMore.toFixed(1).padStart(8),
    verdict(cost.tenMore, tenMore).padEnd(18),
    String(Math.round(cost.tenMoreOpenBytes)).padStart(8),
  ].join(" ");
}

const { values } = parseArgs({ options: { count: { type: "string", default: "5000" } } });
const count = Number(values.count);
for (const kind of ["tiny", "visit", "fhir"] as const) {
  const corpus = measureCorpus(kind, count);
  const { raw, xz } = corpus;
  const xzText = xz === undefined ? "xz is not here" : `${xz.toFixed(1)} by xz -9e`;
  process.stdout.write(
    `\n${count} ${kind} events, ${raw.toFixed(1)} bytes each as they are, ${xzText}\n` +
      `${"".padEnd(28)}  B/event   of raw    of xz must / aim          10 more must / aim          open, B\n`,
  );
  for (const level of wireLevels)
    process.stdout.write(`${row(kind, level.name, measureWire(kind, level, count), corpus)}\n`);
}
