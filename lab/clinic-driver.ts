/**
 * Many clinics in one process, each a real node with its own log, key and certificate:
 * run as a process by benchmarks and scenarios. Arguments: for each clinic where it finds
 * its hub and its directory, in pairs. Opens them all, prints `ready`, waits for a line on
 * stdin, lets them sync at once, and prints a line for each.
 */
import { once } from "node:events";
import { basename } from "node:path";
import { openNode } from "../src/engine/index.ts";
import type { LocalNode } from "../src/engine/index.ts";

/** What one clinic's sync came to. */
export interface DrivenSync {
  readonly clinic: string;
  readonly isComplete: boolean;
  readonly attempts: number;
  readonly confirmed: number;
  readonly durationMs: number;
  readonly error?: string;
}

async function main(args: readonly string[]): Promise<void> {
  const nodes: { readonly clinic: string; readonly hub: string; readonly node: LocalNode }[] = [];
  for (let at = 0; at < args.length; at += 2) {
    const [hub = "", dataDir = ""] = args.slice(at, at + 2);
    nodes.push({ clinic: basename(dataDir), hub, node: await openNode({ dataDir }) });
  }
  console.log("ready");
  await once(process.stdin, "data");
  await Promise.all(
    nodes.map(async ({ clinic, hub, node }) => {
      const startMs = performance.now();
      const result = await node.sync({ hub, timeoutMs: 120_000 }).then(
        ({ complete, attempts, eventsConfirmed }) => ({
          isComplete: complete,
          attempts,
          confirmed: eventsConfirmed,
        }),
        (error: unknown) => ({ isComplete: false, attempts: 0, confirmed: 0, error: `${error}` }),
      );
      const durationMs = Math.round(performance.now() - startMs);
      const line: DrivenSync = { clinic, ...result, durationMs };
      console.log(JSON.stringify(line));
    }),
  );
  for (const { node } of nodes) await node.close();
  process.exit(0);
}

if (import.meta.main) await main(process.argv.slice(2));
