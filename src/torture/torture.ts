/**
 * The torture kit: a hub and a clinic with real certificates, as processes of the
 * real command, in a scratch folder on the user's own device and card. Round after
 * round they push, sync over loopback, and meet one fault; after every round
 * everything that was acknowledged must be there.
 *
 * Invariant: it writes in its scratch folder only, at most about `eventsMax` events
 * a side at a time, and stops when the disk gets low. The folder is gone afterwards,
 * unless something was wrong: then it is the evidence.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { ZamError } from "../core/errors/zam-error.ts";
import { isZCode } from "../engine/index.ts";
import type { ScratchNodes } from "../engine/scratch-nodes.ts";
import { createSeededRandom, type SeededRandom } from "../testing/seeded-random.ts";
import { type CommandError, killAll } from "./children.ts";
import { flipRound } from "./flip-round.ts";
import { FsyncMeter } from "./fsync-meter.ts";
import { fullRound } from "./full-round.ts";
import { killRound } from "./kill-round.ts";
import { type FaultKind, faultKinds, type TortureProblem, type TortureReport } from "./report.ts";
import { World } from "./world.ts";

export interface TortureInput {
  /** The scratch folder is made in here. */
  readonly dir: string;
  /** The main file of the `zamsync` command. */
  readonly entry: string;
  readonly durationMs: number;
  /** Ends after so many rounds, if the time is not up before. */
  readonly rounds?: number | undefined;
  readonly seed: number;
  /** Only these; all by default. */
  readonly kinds?: readonly FaultKind[];
  readonly signal: AbortSignal;
  readonly onRound?: (report: TortureReport, kind: FaultKind) => void;
  /** Gets the directories when the nodes were made. */
  readonly onWorld?: (dirs: ScratchNodes) => Promise<void>;
}

/** Past this the nodes are checked whole and made anew, so that a round's check stays short. */
const eventsMax = 10_000;
/** Two logs of so many events, what is set aside, and room for whoever else uses the disk. */
const freeBytesMin = 256 * 1024 * 1024;
const syncsARound = 8;

const notExercisedAlways = [
  "power cuts: kill -9 keeps what the kernel holds; pull the plug while this runs, then run zamsync doctor on a node of yours",
  "a file system that is really full: the limit is put on one process, so that your disk stays free",
];

/** @throws ZamError Z211, or Z220 when there is too little room to begin */
export async function runTorture(input: TortureInput): Promise<TortureReport> {
  const scratch = await makeScratch(input.dir);
  const torture = new Torture(input, scratch);
  try {
    return await torture.run();
  } finally {
    killAll();
    if (!torture.isWrong) await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function makeScratch(dir: string): Promise<string> {
  if (await isLow(dir)) throw new ZamError("Z220", { path: dir, freeBytes: await freeBytes(dir) });
  try {
    return await mkdtemp(join(dir, "zamsync-torture-"));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ZamError("Z211", { path: dir, problem: `it cannot be written (${code})` }, cause);
  }
}

class Torture {
  private readonly input: TortureInput;
  private readonly scratch: string;
  private readonly random: SeededRandom;
  private readonly meter: FsyncMeter;
  private readonly startedMs = performance.now();
  private readonly faults: Record<FaultKind, { rounds: number; hits: number }>;
  private readonly problems: TortureProblem[] = [];
  private deck: FaultKind[] = [];
  private rounds = 0;
  private renewals = 0;
  private ackedBefore = 0;
  private healed = 0;
  private world: World | undefined;
  private endedBy: TortureReport["endedBy"] = "time";

  constructor(input: TortureInput, scratch: string) {
    this.input = input;
    this.scratch = scratch;
    this.random = createSeededRandom(input.seed);
    this.meter = new FsyncMeter(join(scratch, "fsync"));
    this.faults = Object.fromEntries(
      faultKinds.map((kind) => [kind, { rounds: 0, hits: 0 }]),
    ) as Record<FaultKind, { rounds: number; hits: number }>;
  }

  get isWrong(): boolean {
    return this.problems.length > 0;
  }

  async run(): Promise<TortureReport> {
    try {
      this.world = await this.createWorld();
      for (let end = await this.end(); ; end = await this.end()) {
        if (end !== undefined) {
          this.endedBy = end;
          break;
        }
        await this.round();
      }
      if (this.world !== undefined) await this.settle(this.world);
    } catch (error) {
      this.endedBy = "problem";
      this.problems.push(this.problemOf(error));
    }
    return this.report();
  }

  private async createWorld(): Promise<World> {
    const dir = join(this.scratch, String(this.renewals));
    const world = await World.create(dir, this.input.entry, this.random.fork());
    await this.input.onWorld?.({ hub: world.hub.dir, clinic: world.clinic.dir });
    return world;
  }

  /** Why it is over, or undefined when there is another round. */
  private async end(): Promise<TortureReport["endedBy"] | undefined> {
    const { signal, rounds, durationMs, dir } = this.input;
    if (signal.aborted) return "interrupt";
    if (rounds !== undefined && this.rounds >= rounds) return "rounds";
    if (performance.now() - this.startedMs >= durationMs) return "time";
    return (await isLow(dir)) ? "space" : undefined;
  }

  private async round(): Promise<void> {
    const world = await this.currentWorld();
    const kind = this.draw();
    this.rounds++;
    await this.meter.measure(syncsARound);
    this.faults[kind].rounds++;
    this.faults[kind].hits += await this.play(kind, world);
    await world.pushAgain();
    await world.check({ isSettled: false });
    this.input.onRound?.(this.report(), kind);
  }

  /** Every fault once, in a drawn order, then again. */
  private draw(): FaultKind {
    if (this.deck.length === 0) this.deck = (this.input.kinds ?? faultKinds).filter(isPossible);
    const kind = this.random.pick(this.deck);
    this.deck.splice(this.deck.indexOf(kind), 1);
    return kind;
  }

  private async play(kind: FaultKind, world: World): Promise<number> {
    const kill = (victims: "clinic" | "hub" | "both") => this.kill(world, victims);
    const flip = async (victim: "clinic" | "hub") => {
      const { flippedBits, healedRecords } = await flipRound(world, victim);
      this.healed += healedRecords;
      return flippedBits;
    };
    switch (kind) {
      case "killClinic":
        return kill("clinic");
      case "killHub":
        return kill("hub");
      case "killBoth":
        return kill("both");
      case "flipClinic":
        return flip("clinic");
      case "flipHub":
        return flip("hub");
      case "fullClinic":
        return fullRound(world, "clinic");
      case "fullHub":
        return fullRound(world, "hub");
    }
  }

  private async kill(world: World, victims: "clinic" | "hub" | "both"): Promise<number> {
    const hits = await killRound(world, { victims, signal: this.input.signal });
    if (victims !== "clinic") await world.startHub();
    return hits;
  }

  private async currentWorld(): Promise<World> {
    const world = this.world;
    if (world !== undefined && world.ackedCount < eventsMax) return world;
    if (world !== undefined) {
      await this.settle(world);
      this.ackedBefore += world.ackedCount;
      this.renewals++;
      this.world = undefined;
      await rm(world.dir, { recursive: true, force: true, maxRetries: 3 });
    }
    this.world = await this.createWorld();
    return this.world;
  }

  /** One undisturbed sync, then both sides must be equal and whole. */
  private async settle(world: World): Promise<void> {
    await world.pushAgain();
    await world.syncFully();
    await world.check({ isSettled: true });
    await world.verify();
    await world.stopHub();
  }

  private problemOf(error: unknown): TortureProblem {
    const text = error instanceof Error ? error.message : String(error);
    // What a command or a hub printed before it ended is the cause of the error that says so.
    const known = asZamError(error) ?? asZamError(error instanceof Error ? error.cause : undefined);
    const broken = new ZamError("Z231", { problem: text });
    const { code, hint } = known ?? broken;
    return {
      code,
      message: known === undefined ? broken.message : text,
      hint,
      round: this.rounds,
    };
  }

  private report(): TortureReport {
    const isPartial = this.endedBy === "interrupt" || this.endedBy === "space";
    const [first] = this.problems;
    const notExercised = faultKinds
      .filter((kind) => this.faults[kind].hits === 0)
      .map((kind) => `${kind}: ${this.faults[kind].rounds} rounds, and it never struck`);
    return {
      seed: this.input.seed,
      rounds: this.rounds,
      durationMs: Math.round(performance.now() - this.startedMs),
      endedBy: this.endedBy,
      events: { acked: this.ackedBefore + (this.world?.ackedCount ?? 0), healed: this.healed },
      faults: structuredClone(this.faults),
      renewals: this.renewals,
      fsync: this.meter.summary(),
      problems: [...this.problems],
      notExercised: [...notExercised, ...notExercisedAlways],
      evidence: first === undefined ? null : this.scratch,
      exit: first !== undefined ? exitOf(first) : isPartial ? exitInPart : 0,
    };
  }
}

const exitInPart = 8;

function exitOf({ code }: TortureProblem): number {
  return isZCode(code) ? new ZamError(code).exitStatus : 1;
}

function asZamError(cause: unknown): Pick<ZamError, "code" | "hint"> | undefined {
  if (cause instanceof ZamError) return cause;
  const { code = "", hint = "" } = (cause ?? {}) as Partial<CommandError>;
  return isZCode(code) ? { code, hint } : undefined;
}

/** The full disk is made by a shell. */
function isPossible(kind: FaultKind): boolean {
  return !kind.startsWith("full") || existsSync("/bin/sh");
}

async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}

async function isLow(dir: string): Promise<boolean> {
  return (await freeBytes(dir)) < freeBytesMin;
}
