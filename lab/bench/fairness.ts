/**
 * Fairness: how much longer ten events take when somebody else has a hundred thousand.
 *
 * 31 clinics with 10 events each sync at once to a hub that is busy with the backlog of one
 * more, and to one that is not, in turns within one run; on loopback, where the hub's processor
 * is what they share, and each over a slow link of its own.
 */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "../command.ts";
import { startLink } from "../link.ts";
import type { Link } from "../link.ts";
import { makeClinics, startDriver } from "../many-clinics.ts";
import type { ManyClinics } from "../many-clinics.ts";
import { grouped } from "../stage.ts";
import { pushEach } from "./load.ts";
import { median } from "./machine.ts";
import type { BenchContext, Figure } from "./section.ts";

const smallCount = 31;
const eventsEach = 10;
const backlogEvents = 100_000;
const roundsEach = 3;
const ratioMax = 1.5;

interface Nature {
  readonly name: string;
  /** Undefined: loopback as it is. */
  readonly link: { readonly delayMs: number; readonly rateBytesPerS: number } | undefined;
}

const natures: readonly Nature[] = [
  { name: "loopback", link: undefined },
  { name: "300 ms one way, 30 KB/s each", link: { delayMs: 300, rateBytesPerS: 30_000 } },
];

/** Median of the small ones' own times, in ms, and what the big one had sent when they were done. */
async function round(
  nature: Nature,
  fleet: { readonly from: ManyClinics; readonly dir: string; readonly hasBacklog: boolean },
): Promise<{ readonly ms: number; readonly isBacklogLeft: boolean }> {
  const { from, dir, hasBacklog } = fleet;
  const copy = (path: string): string => {
    const to = join(dir, path.slice(path.lastIndexOf("/") + 1));
    cpSync(path, to, { recursive: true });
    return to;
  };
  const serving = await serve([copy(from.hub)]);
  const [big = "", ...small] = from.clinics.map(copy);
  const links: Link[] = [];
  const wayToHub = async (): Promise<string> => {
    if (nature.link === undefined) return serving.address;
    const link = await startLink({ ...nature.link, to: { port: serving.port } });
    links.push(link);
    return link.address;
  };
  const others = [];
  for (const path of small) others.push({ dir: path, hub: await wayToHub() });
  const driver = await startDriver(others);
  const backlog = await startDriver([{ dir: big, hub: await wayToHub() }]);
  const flood = hasBacklog ? backlog.go() : undefined;
  // Well past its handshake, so that the hub has its hands full.
  if (hasBacklog) await sleep(1500);
  const syncs = await driver.go();
  const isBacklogLeft = !serving.sessions().some(({ peer }) => big.endsWith(peer));
  backlog.kill();
  await flood?.catch(() => undefined);
  for (const link of links) await link.close();
  await serving.kill();
  const failed = syncs.find(({ confirmed }) => confirmed !== eventsEach);
  if (failed !== undefined) throw new Error(`a small clinic failed: ${JSON.stringify(failed)}`);
  return { ms: median(syncs.map(({ durationMs }) => durationMs)), isBacklogLeft };
}

export async function fairness(context: BenchContext): Promise<readonly Figure[]> {
  const { scratch, stage, scale } = context;
  const from = await makeClinics(join(scratch, "fair"), smallCount + 1);
  const [big = "", ...small] = from.clinics;
  const backlog = Math.round(backlogEvents * scale);
  await pushEach([big], backlog, 1);
  await pushEach(small, eventsEach, 2);
  stage.note(
    `a backlog of ${grouped(backlog)} events, and ${smallCount} clinics with ${eventsEach}`,
  );
  const figures: Figure[] = [];
  for (const nature of natures) {
    const alone: number[] = [];
    const beside: number[] = [];
    for (let turn = 0; turn < roundsEach; turn++) {
      const dir = join(scratch, `${nature.link === undefined ? "loopback" : "link"}-${turn}`);
      const without = await round(nature, { from, dir: join(dir, "without"), hasBacklog: false });
      const with_ = await round(nature, { from, dir: join(dir, "with"), hasBacklog: true });
      if (!with_.isBacklogLeft) stage.note("the backlog was through before the small ones were");
      alone.push(without.ms);
      beside.push(with_.ms);
    }
    stage.note(`${nature.name}: ${alone.join(", ")} ms alone; ${beside.join(", ")} ms beside it`);
    figures.push(
      { name: `${nature.name}: alone, ms`, value: median(alone) },
      { name: `${nature.name}: beside the backlog, ms`, value: median(beside) },
      {
        name: `${nature.name}: times as long`,
        value: median(beside) / median(alone),
        bound: { atMost: ratioMax },
      },
    );
  }
  return figures;
}
