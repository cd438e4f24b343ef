/** One run of the lab: every wanted peer, kind and profile through the scenarios, into one result. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeMachine } from "./bench/machine.ts";
import type { EventKind } from "./clinic-events.ts";
import type { LinkFactory } from "./lab-link.ts";
import type { DeadlyCut } from "./link.ts";
import type { Peer } from "./peers/peer.ts";
import { startProcessWatch } from "./process-watch.ts";
import type { Profile } from "./profiles.ts";
import { runScenarios } from "./scenarios.ts";
import type { Measure, Scale, ScenarioName } from "./scenarios.ts";
import { grouped } from "./stage.ts";
import type { Stage } from "./stage.ts";

export interface LabPlan {
  readonly profiles: Readonly<Record<string, Profile>>;
  readonly kinds: readonly EventKind[];
  readonly scenarios: readonly ScenarioName[];
  readonly peers: readonly Peer[];
  readonly scale: Scale;
  readonly seed: number;
  readonly cutMode: DeadlyCut;
}

export interface Figure extends Measure {
  readonly profile: string;
  readonly kind: EventKind;
  /** The peer's name. */
  readonly peer: string;
}

/** A peer that did not run, or that lost something. */
export interface Absence {
  readonly peer: string;
  readonly reason: string;
}

export interface LabResult {
  readonly at: string;
  readonly link: string;
  readonly machine: readonly (readonly [string, string])[];
  readonly seed: number;
  readonly scale: Scale;
  readonly cutMode: DeadlyCut;
  readonly profiles: Readonly<Record<string, Profile>>;
  readonly peers: readonly Pick<Peer, "name" | "title" | "tuning" | "isEncrypted">[];
  readonly absences: readonly Absence[];
  readonly figures: readonly Figure[];
}

/** Never throws for a peer that fails: it becomes an absence, and the others go on. */
export async function runLab(plan: LabPlan, links: LinkFactory, stage: Stage): Promise<LabResult> {
  const scratch = await mkdtemp(join(tmpdir(), "zamsync-lab-"));
  const figures: Figure[] = [];
  const absences: Absence[] = [];
  const present: Peer[] = [];
  try {
    for (const peer of plan.peers) {
      const reason = await peer.missing();
      if (reason === undefined) present.push(peer);
      else absences.push({ peer: peer.name, reason });
      if (reason !== undefined) stage.note(`${peer.title} is skipped: ${reason}`);
    }
    let hubs = 0;
    for (const [profile, line] of Object.entries(plan.profiles)) {
      for (const kind of plan.kinds) {
        stage.step(`${kind} events over ${profile} (${line.title})`);
        for (const peer of present) {
          const dir = join(scratch, `hub${++hubs}`);
          const onMeasure = (measure: Measure) => {
            figures.push({ profile, kind, peer: peer.name, ...measure });
            stage.note(lineOf(peer, measure));
          };
          const reason = await runPeer(peer, { dir, plan, links, kind, line, onMeasure });
          if (reason === undefined) continue;
          absences.push({ peer: peer.name, reason: `${profile}, ${kind}: ${reason}` });
          stage.check(`${peer.title} runs to its end`, false, reason);
        }
      }
    }
    return {
      at: new Date().toISOString(),
      link: links.title,
      machine: describeMachine(scratch),
      seed: plan.seed,
      scale: plan.scale,
      cutMode: plan.cutMode,
      profiles: plan.profiles,
      peers: plan.peers.map(({ name, title, tuning, isEncrypted }) => ({
        name,
        title,
        tuning,
        isEncrypted,
      })),
      absences,
      figures,
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface PeerRun {
  readonly dir: string;
  readonly plan: LabPlan;
  readonly links: LinkFactory;
  readonly kind: EventKind;
  readonly line: Profile;
  readonly onMeasure: (measure: Measure) => void;
}

/** Why it failed, or undefined. */
async function runPeer(peer: Peer, run: PeerRun): Promise<string | undefined> {
  const { dir, plan, links, kind, line, onMeasure } = run;
  const { seed, scale, cutMode } = plan;
  const watch = startProcessWatch();
  try {
    await mkdir(dir, { recursive: true });
    const hub = await peer.openHub({ dir, watch });
    try {
      const scenarios = new Set(plan.scenarios);
      await runScenarios(hub, {
        ...{ links, profile: line, kind, seed, scale, cutMode, scenarios, watch, onMeasure },
      });
    } finally {
      await hub.close();
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    watch.close();
  }
}

function lineOf(peer: Peer, measure: Measure): string {
  const { scenario, upBytes, downBytes, seconds, corpus, cut } = measure;
  const bytes = upBytes + downBytes;
  const each = corpus.events === 0 ? "" : `, ${(bytes / corpus.events).toFixed(1)} an event`;
  const cost =
    cut === undefined
      ? ""
      : `; the cut cost ${grouped(cut.extraBytes)} B (${grouped(cut.lostBytes)} lost) and ${cut.extraSeconds.toFixed(1)} s`;
  return (
    `${peer.title.padEnd(28)} ${scenario.padEnd(13)} ${grouped(bytes)} B${each}, ` +
    `${seconds.toFixed(1)} s${cost}`
  );
}
