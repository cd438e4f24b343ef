/**
 * The clinic of deploy/compose.test.yml: brings its visits to the hub through a
 * Toxiproxy that is disabled in mid-transfer, and checks that nothing is left. Runs as
 * well without containers, against any hub that has signed the clinic and any Toxiproxy:
 *
 *   node lab/container-clinic.ts --data-dir clinic_a --hub localhost:7700 --toxiproxy localhost:8474
 */
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { run, runOk, summaryOf } from "./command.ts";
import { supplyOf } from "./corpus.ts";
import { startLink } from "./link.ts";
import type { Link } from "./link.ts";
import { ndjson } from "./peers/peer.ts";
import { profileOf } from "./profiles.ts";
import { createStage, grouped } from "./stage.ts";
import { toxiproxyAt } from "./toxiproxy.ts";
import type { ToxicProxy } from "./toxiproxy.ts";

const downMs = 5000;
/** Toxiproxy swallows what the clinic sends and lets it out slowly: this is well before the end. */
const cutAfterBytes = 10_000;

interface SyncJson {
  readonly eventsConfirmed: number;
  readonly durationMs: number;
  readonly attempts: number;
  readonly complete: boolean;
}

const { values } = parseArgs({
  options: {
    "data-dir": { type: "string", default: "clinic_a" },
    hub: { type: "string", default: "localhost:7700" },
    toxiproxy: { type: "string", default: "localhost:8474" },
    events: { type: "string", default: "5000" },
    seed: { type: "string", default: "1" },
  },
});
const dataDir = resolve(values["data-dir"]);
const supply = supplyOf("visit", Number(values.seed), 0);
const stage = createStage();

/** Disables the proxy once so much has gone in; returns how often it did. */
async function cutOnce(link: Link, proxy: ToxicProxy, isOver: () => boolean): Promise<number> {
  while (link.counters().upBytes < cutAfterBytes) {
    if (isOver()) return 0;
    await sleep(10);
  }
  await sleep(1000);
  if (isOver()) return 0;
  await proxy.setEnabled(false);
  stage.note(`Toxiproxy is disabled for ${downMs / 1000} s`);
  await sleep(downMs);
  await proxy.setEnabled(true);
  return 1;
}

async function syncThrough(link: Link, title: string): Promise<SyncJson> {
  const before = link.counters();
  const ran = await run(["sync", dataDir, "--hub", link.address, "--json"], { timeoutMs: 600_000 });
  const after = link.counters();
  stage.check(`${title}: the sync says that it is done`, ran.status === 0, `exit ${ran.status}`);
  const summary = summaryOf<SyncJson>(ran);
  stage.note(
    `${title}: ${grouped(after.upBytes - before.upBytes)} B up, ` +
      `${grouped(after.downBytes - before.downBytes)} B down, ` +
      `${(summary.durationMs / 1000).toFixed(1)} s, ${summary.attempts} attempts`,
  );
  return summary;
}

async function write(count: number): Promise<void> {
  const input = ndjson(supply(count));
  await runOk(["push", dataDir, "--stdin", "--type", "2"], { input });
}

const toxiproxy = toxiproxyAt(values.toxiproxy);
await toxiproxy.ready();
const proxy = await toxiproxy.openProxy(values.hub, profileOf("bhutan-2g"));
const link = await startLink({ to: { host: toxiproxy.host, port: proxy.port } });
try {
  const count = Number(values.events);
  stage.step(`${grouped(count)} visits through Toxiproxy (${profileOf("bhutan-2g").title})`);
  await write(count);
  let isOver = false;
  const cutting = cutOnce(link, proxy, () => isOver);
  const whole = await syncThrough(link, "backlog");
  isOver = true;
  stage.check("the link was cut in mid-transfer", (await cutting) === 1 && whole.attempts > 1);
  stage.check("every event is confirmed", whole.eventsConfirmed === count);
  await write(10);
  const more = await syncThrough(link, "10 more");
  stage.check("and ten more", more.complete && more.eventsConfirmed === 10);
  const status = summaryOf<{ readonly pending: number }>(
    await runOk(["status", dataDir, "--json"]),
  );
  stage.check("nothing is pending", status.pending === 0);
} finally {
  await link.close();
}
process.exitCode = stage.failures.length === 0 ? 0 : 1;
