/**
 * The process of a hub with everything on: 1,000,000 events, 100 clinics connected, a
 * dashboard that is looked at, and Prometheus that asks every second; then all clinics
 * write in the same moment. Resident memory at the most, and what asking costs.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { jsonLines, runOk, serve } from "../command.ts";
import type { Serving } from "../command.ts";
import { makeClinics } from "../many-clinics.ts";
import { grouped } from "../stage.ts";
import { bareNodeMiB, compilePackage, fillLog } from "./hub-process.ts";
import { median, residentMiB, timed } from "./machine.ts";
import type { BenchContext, Figure } from "./section.ts";

const clinicCount = 100;
/** Of what each clinic writes in the end; clinic-daemons.ts pushes as many. */
const eventsEach = 10;
const rounds = 12;
const roundMs = 1000;
const daemons = fileURLToPath(new URL("../clinic-daemons.ts", import.meta.url));

interface Seen {
  readonly counts: { readonly connected: number };
  readonly hub: { readonly records: number };
}

interface Listening {
  readonly event: string;
  readonly httpUrl?: string;
  readonly metrics?: string;
}

/** Clinics that are connected, until `stop`. */
async function connectClinics(address: string, dirs: readonly string[]) {
  const child = spawn(process.execPath, [daemons, address, ...dirs], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  const said = async (word: string, count: number): Promise<void> => {
    while (text.split("\n").filter((line) => line === word).length < count) {
      if (child.exitCode !== null) throw new Error("the clinics ended early");
      await sleep(50);
    }
  };
  await said("ready", 1);
  let pushes = 0;
  return {
    push: async () => {
      child.stdin.write("push\n");
      await said("pushed", ++pushes);
    },
    stop: async () => {
      child.stdin.end();
      await once(child, "close");
    },
  };
}

function urlsOf(serving: Serving): { readonly http: string; readonly metrics: string } {
  const lines = jsonLines<Listening>(serving.output().stdout);
  const line = lines.find(({ event }) => event === "listening");
  return { http: line?.httpUrl ?? "", metrics: `http://${line?.metrics}/metrics` };
}

export async function hub(context: BenchContext): Promise<readonly Figure[]> {
  const { scratch, stage, scale } = context;
  const count = Math.round(1_000_000 * scale);
  const { hub: dir, clinics } = await makeClinics(join(scratch, "hub-process"), clinicCount);
  const filled = await timed(() => fillLog(dir, count));
  stage.note(`${grouped(count)} events written in ${(filled.ms / 1000).toFixed(1)} s`);
  const entry = await compilePackage();
  const made = await runOk(["token", "create", "--data-dir", dir, "--scope", "read", "--json"]);
  const { token } = JSON.parse(made.stdout) as { readonly token: string };
  const headers = { authorization: `Bearer ${token}` };
  const bare = await bareNodeMiB();
  const local = "127.0.0.1:0";
  const args = ["--http", local, "--metrics", local, "--max-peers", String(clinicCount + 8)];
  const serving = await serve([dir, ...args], { entry });
  const pid = serving.child.pid ?? 0;
  const idle = residentMiB(pid);
  const urls = urlsOf(serving);
  const connected = await connectClinics(serving.address, clinics);
  const stop = new AbortController();
  const page = await fetch(`${urls.http}/`);
  const pageBytes = (await page.arrayBuffer()).byteLength;
  const stream = await fetch(`${urls.http}/v1/overview/stream`, { headers, signal: stop.signal });
  const reading = (async () => {
    for await (const _ of stream.body ?? []);
  })().catch(() => undefined);
  const scrapes: number[] = [];
  const overviews: number[] = [];
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, residentMiB(pid));
  }, 50);
  const overview = async (): Promise<Seen> =>
    (await fetch(`${urls.http}/v1/overview`, { headers })).json() as Promise<Seen>;
  for (let round = 0; round < rounds; round++) {
    scrapes.push((await timed(async () => (await fetch(urls.metrics, { headers })).text())).ms);
    overviews.push((await timed(overview)).ms);
    await sleep(roundMs);
  }
  const peakConnected = peak;
  const { counts } = await overview();
  await connected.push();
  const wanted = count + eventsEach * clinicCount;
  let records = 0;
  for (let turn = 0; turn < 60 && records < wanted; turn++) {
    await sleep(roundMs);
    records = (await overview()).hub.records;
  }
  clearInterval(watch);
  stop.abort();
  await reading;
  await connected.stop();
  await serving.stop();
  return [
    { name: "bare Node, MiB resident", value: bare },
    { name: "hub with HTTP and metrics, nobody connected, MiB", value: idle },
    { name: "clinics connected", value: counts.connected, bound: { atLeast: clinicCount } },
    {
      name: `hub with ${clinicCount} clinics connected, MiB at the most`,
      value: peakConnected,
      bound: { atMost: 120 },
    },
    // Codecs may take 32 MiB on top of that, for all sessions together (codec-memory.ts).
    { name: "when all of them write in the same moment, MiB at the most", value: peak },
    { name: "events held at the end", value: records, bound: { atLeast: wanted } },
    { name: "metrics, median, ms", value: median(scrapes) },
    { name: "overview, median, ms", value: median(overviews) },
    { name: "the dashboard's page, KiB unpacked", value: pageBytes / 1024 },
  ];
}
