/**
 * What HTTP costs at a hub of 1,000,000 events against one of 1,000: health, a push, the newest
 * events, a page from the middle, the nodes, and the time from a push to a follower of the stream.
 * Each as a median in turns at both hubs, and what the process reads for it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createHubClient } from "../../src/client/index.ts";
import { jsonLines, runOk, serve, type Serving } from "../command.ts";
import { fillLog } from "./hub-process.ts";
import { median, timed } from "./machine.ts";
import type { BenchContext, Figure } from "./section.ts";

const turns = 41;

interface Hub {
  readonly serving: Serving;
  readonly ask: (path: string, init?: RequestInit) => Promise<unknown>;
  readonly cursor: (part: number) => string;
  /** From a push to its event at a follower, ms. */
  readonly followed: () => Promise<number>;
  readonly stop: () => Promise<unknown>;
}

async function startHub(dir: string, count: number): Promise<Hub> {
  await runOk(["keygen", dir, "--hub"]);
  await fillLog(dir, count);
  const scope = ["--scope", "read,push", "--quiet"];
  const token = (await runOk(["token", "create", "--data-dir", dir, ...scope])).stdout.trim();
  const serving = await serve([dir, "--http", "127.0.0.1:0"]);
  const lines = jsonLines<{ readonly httpUrl?: string }>(serving.output().stdout);
  const url = lines.find(({ httpUrl }) => httpUrl !== undefined)?.httpUrl ?? "";
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const ask = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const answer = await fetch(`${url}${path}`, { headers, ...init });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  };
  const first = (await ask("/v1/events?limit=1")) as { readonly cursor: string };
  const stopped = new AbortController();
  const stream = createHubClient({ url, token }).follow({ since: "now", signal: stopped.signal });
  let next = stream.next();
  return {
    serving,
    ask,
    // A cursor ends in the arrival ordinal, base 36 (src/engine/cursor.ts).
    cursor: (part) => `${first.cursor.split("-")[0]}-${Math.floor(count * part).toString(36)}`,
    followed: async () => {
      const { ms } = await timed(async () => {
        await ask("/v1/events", { method: "POST", body: "1" });
        await next;
      });
      next = stream.next();
      return ms;
    },
    stop: async () => {
      stopped.abort();
      await next.catch(() => undefined);
      return serving.stop();
    },
  };
}

function readBytesOf({ serving }: Hub): number {
  const text = readFileSync(`/proc/${serving.child.pid}/io`, "utf8");
  return Number(/^rchar: (\d+)$/m.exec(text)?.[1]);
}

const push = { method: "POST", body: '{"patient_id":"BT-0042"}' } as const;
const deeds: Readonly<Record<string, (hub: Hub) => Promise<unknown>>> = {
  "GET /health/ready": ({ ask }) => ask("/health/ready"),
  "POST /v1/events": ({ ask }) => ask("/v1/events", push),
  "GET /v1/events, up to date": ({ ask, cursor }) => ask(`/v1/events?since=${cursor(1)}`),
  "GET /v1/events, 100 of the middle": ({ ask, cursor }) =>
    ask(`/v1/events?since=${cursor(0.5)}&limit=100`),
  "GET /v1/nodes": ({ ask }) => ask("/v1/nodes"),
};

export async function http({ scratch, stage, scale }: BenchContext): Promise<readonly Figure[]> {
  const count = Math.round(1_000_000 * scale);
  const small = await startHub(join(scratch, "http-small"), 1000);
  const large = await startHub(join(scratch, "http-large"), count);
  const figures: Figure[] = [];
  for (const [name, deed] of Object.entries(deeds)) {
    const ms: readonly number[][] = [[], []];
    const bytes: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      for (const [index, hub] of [small, large].entries()) {
        const before = readBytesOf(hub);
        const took = await timed(() => deed(hub));
        if (turn === 0) continue;
        ms[index]?.push(took.ms);
        if (hub === large) bytes.push(readBytesOf(hub) - before);
      }
    }
    const [atSmall = 0, atLarge = 0] = ms.map(median);
    figures.push(
      { name: `${name}, 1,000 events, ms`, value: atSmall },
      { name: `${name}, ${count.toLocaleString("en")} events, ms`, value: atLarge },
      {
        name: `${name}, ${count.toLocaleString("en")} events, KiB read`,
        value: median(bytes) / 1024,
        bound: { atMost: 1024 },
      },
    );
  }
  for (const [name, hub] of [
    ["1,000", small] as const,
    [count.toLocaleString("en"), large] as const,
  ]) {
    const took: number[] = [];
    for (let turn = 0; turn < turns; turn++) took.push(await hub.followed());
    figures.push({ name: `from a push to a follower, ${name} events, ms`, value: median(took) });
  }
  stage.note("medians, asked in turns at both hubs");
  await small.stop();
  await large.stop();
  return figures;
}
