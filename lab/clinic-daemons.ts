/**
 * Many clinics in one process that stay connected, run by benchmarks. Arguments: the hub's
 * address, then a directory for each clinic. Prints `ready` when all have exchanged
 * everything; for each line on stdin every clinic pushes ten events.
 */
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { openNode } from "../src/engine/index.ts";
import { takeEvents } from "./clinic-events.ts";

const eventsEach = 10;

async function main([hub = "", ...dirs]: readonly string[]): Promise<void> {
  const stop = new AbortController();
  const nodes = await Promise.all(dirs.map((dataDir) => openNode({ dataDir })));
  const running = nodes.map((node) =>
    node.daemon({ hub, signal: stop.signal, intervalMs: 60_000, onCycle: () => undefined }),
  );
  for (const node of nodes)
    while ((await node.status()).peers[0]?.connected !== true) await sleep(50);
  console.log("ready");
  let seed = 0;
  for await (const _ of createInterface({ input: process.stdin })) {
    await Promise.all(
      nodes.map((node) => {
        const events = takeEvents("visit", eventsEach, ++seed);
        return node.push(
          events.map(({ type, payload }) => ({ type, payload: Buffer.from(payload) })),
        );
      }),
    );
    console.log("pushed");
  }
  stop.abort();
  await Promise.all(running);
  for (const node of nodes) await node.close();
}

if (import.meta.main) await main(process.argv.slice(2));
