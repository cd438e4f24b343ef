/**
 * The hub and the clinic that are tortured: real directories with real keys, and
 * the events that were acknowledged or have to be pushed again.
 *
 * Every event carries an idempotency key and is pushed until it is acknowledged,
 * so that a push that was killed in the middle is repeated as an application would.
 */
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { AuditRow, NodeApi } from "../engine/api.ts";
import { connectNode, openNode } from "../engine/index.ts";
import { makeHubAndClinic } from "../engine/scratch-nodes.ts";
import type { SeededRandom } from "../testing/seeded-random.ts";
import { brokenClaims, brokenWhenSettled, type NodeView } from "./claims.ts";
import {
  type ChildOptions,
  describe,
  errorOf,
  type Ran,
  runChild,
  type RunOptions,
  serveChild,
  type ServingChild,
} from "./children.ts";

export interface TorturedNode {
  readonly id: "hub" | "clinic";
  readonly dir: string;
  readonly acked: Set<string>;
  /** Pushes that were killed or refused, to be repeated. */
  readonly unacked: Batch[];
}

interface Batch {
  readonly payloads: readonly string[];
  readonly flags: readonly string[];
}

/** A device that swaps takes its time; past this a command hangs. */
const commandTimeoutMs = 300_000;
/** Events past 16 KiB travel and are stored in fragments. */
const largeTextBytes = 40_000;

export class World {
  readonly dir: string;
  readonly random: SeededRandom;
  readonly clinic: TorturedNode;
  readonly hub: TorturedNode;
  /** About how long a command takes to start on this device. */
  startMs = 0;
  private serving: ServingChild | undefined;
  private readonly child: ChildOptions;
  private eventCount = 0;

  private constructor(dir: string, entry: string, random: SeededRandom) {
    this.dir = dir;
    this.random = random;
    this.child = { entry, isApart: true };
    const node = (id: TorturedNode["id"]): TorturedNode => ({
      id,
      dir: join(dir, id),
      acked: new Set(),
      unacked: [],
    });
    this.clinic = node("clinic");
    this.hub = node("hub");
  }

  static async create(dir: string, entry: string, random: SeededRandom): Promise<World> {
    const world = new World(dir, entry, random);
    await mkdir(dir);
    await makeHubAndClinic(dir);
    await world.startHub();
    return world;
  }

  get ackedCount(): number {
    return this.clinic.acked.size + this.hub.acked.size;
  }

  get hubAddress(): string {
    return this.serving?.address ?? "";
  }

  async startHub(options: Partial<ChildOptions> = {}): Promise<void> {
    const startedMs = performance.now();
    this.serving = await serveChild([this.hub.dir], { ...this.child, ...options });
    this.startMs = performance.now() - startedMs;
  }

  async stopHub(): Promise<void> {
    const status = await this.serving?.stop();
    this.serving = undefined;
    if (status !== undefined && status !== 0)
      throw new Error(`the hub ended with ${status} when it was asked to stop`);
  }

  async killHub(): Promise<void> {
    await this.serving?.kill();
    this.serving = undefined;
  }

  async restartHub(): Promise<void> {
    await this.killHub();
    await this.startHub();
  }

  run(args: readonly string[], options: Partial<RunOptions> = {}): Promise<Ran> {
    return runChild([...args, "--json"], {
      ...this.child,
      timeoutMs: commandTimeoutMs,
      ...options,
    });
  }

  /** A new batch, not pushed yet. */
  batch(node: TorturedNode, count: number): Batch {
    const { random } = this;
    const payloads = Array.from({ length: count }, () => {
      const note = random.chance(0.005) ? "x".repeat(random.between(1, largeTextBytes)) : "stable";
      const id = `${node.id}-${++this.eventCount}-${random.next32()}`;
      return JSON.stringify({ id, event: "visit", temperature: random.between(350, 410), note });
    });
    const flags = node.id === "hub" ? ["--to", "clinic"] : random.chance(0.2) ? ["--urgent"] : [];
    return { payloads, flags };
  }

  /** Pushes a batch; what was not acknowledged is kept, to be pushed again. */
  async push(node: TorturedNode, batch: Batch, options: Partial<RunOptions> = {}): Promise<Ran> {
    const args = ["push", node.dir, "--stdin", "--id-field", "/id", ...batch.flags];
    const ran = await this.run(args, { ...options, input: `${batch.payloads.join("\n")}\n` });
    const durable = errorOf(ran)?.context.durable;
    const ackedCount =
      ran.status === 0 ? batch.payloads.length : typeof durable === "number" ? durable : 0;
    for (const payload of batch.payloads.slice(0, ackedCount)) node.acked.add(sha256(payload));
    if (ackedCount < batch.payloads.length) node.unacked.push(batch);
    return ran;
  }

  /** Repeats every push that was not acknowledged; each must go through now. */
  async pushAgain(): Promise<void> {
    for (const node of [this.clinic, this.hub])
      for (const batch of node.unacked.splice(0)) mustSucceed(await this.push(node, batch));
  }

  sync(options: Partial<RunOptions> = {}, flags: readonly string[] = []): Promise<Ran> {
    return this.run(["sync", this.clinic.dir, "--hub", this.hubAddress, ...flags], options);
  }

  async syncFully(): Promise<void> {
    mustSucceed(await this.sync({}, ["--timeout", "2m"]));
  }

  /** Opens the clinic (recovering what was killed), asks the running hub, and judges both. */
  async check(options: { readonly isSettled: boolean }): Promise<void> {
    const views = await this.views();
    const broken = brokenClaims(...views);
    if (options.isSettled) broken.push(...brokenWhenSettled(...views));
    if (broken.length > 0) throw new Error(broken.join("; "));
  }

  private async views(): Promise<readonly [NodeView, NodeView]> {
    const clinic = await openNode({ dataDir: this.clinic.dir });
    try {
      const hub = await connectNode({ dataDir: this.hub.dir });
      try {
        return [await viewOf(clinic, this.clinic), await viewOf(hub, this.hub)];
      } finally {
        await hub.close();
      }
    } finally {
      await clinic.close();
    }
  }

  /** Re-reads both logs whole. */
  async verify(): Promise<void> {
    for (const { dir } of [this.clinic, this.hub])
      mustSucceed(await this.run(["audit", dir, "--verify"]));
  }
}

async function viewOf(node: NodeApi, { id, acked }: TorturedNode): Promise<NodeView> {
  const rows: AuditRow[] = [];
  for await (const row of node.audit({})) rows.push(row);
  return { id, rows, status: await node.status(), acked };
}

/** A command that had no fault in its way: its own error is the finding. */
export function mustSucceed(ran: Ran): void {
  if (ran.status === 0) return;
  throw new Error(`a command failed by itself: ${describe(ran)}`, { cause: errorOf(ran) });
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
