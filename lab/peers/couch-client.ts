/**
 * The clinic of the PouchDB peer: a PouchDB on LevelDB that replicates to the hub,
 * with one connection that is kept and the batches of a bad link's owner.
 */
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { retryDelayMs } from "./peer.ts";
import { answerRequests, scriptArgument } from "./script.ts";
import { clientTls } from "./tls-files.ts";

/** What is used of PouchDB; its own types would be one more package for everybody. */
interface Pouch {
  bulkDocs(docs: readonly object[]): Promise<unknown>;
  info(): Promise<{ readonly doc_count: number }>;
  readonly replicate: { to(remote: Pouch, options: object): Replication };
}
interface Replication extends Promise<unknown> {
  on(event: "paused", listener: (error?: unknown) => void): void;
}
interface PouchConstructor {
  new (name: string, options?: object): Pouch;
  fetch(url: string, options: object): Promise<unknown>;
}

const { dir, clinic, address, tls } = scriptArgument<{
  readonly dir: string;
  readonly clinic: string;
  readonly address: string;
  readonly tls: string;
}>();
const packageName: string = "pouchdb";
const PouchDB = ((await import(packageName)) as { readonly default: PouchConstructor }).default;

const local = new PouchDB(join(dir, "pouch"));
const agent = new Agent({ ...clientTls(tls), keepAlive: true, maxSockets: 1 });
const remote = new PouchDB(`https://${address}/${clinic}`, {
  skip_setup: true,
  fetch: (url: string, options: object) => PouchDB.fetch(url, { ...options, agent }),
});

/** Puts what the log file has gained into the database: one document an event. */
async function load(): Promise<void> {
  const lines = readFileSync(join(dir, "events.ndjson"), "utf8").split("\n").filter(Boolean);
  const { doc_count: have } = await local.info();
  const docs = lines.slice(have).map((line, index) => ({
    _id: String(have + index + 1).padStart(8, "0"),
    ...(JSON.parse(line) as object),
  }));
  if (docs.length > 0) await local.bulkDocs(docs);
}

const batches = { batch_size: 1000, batches_limit: 2 };

/** PouchDB retries by itself only in a live replication; else the application starts it again. */
async function replicateOnce(): Promise<void> {
  for (;;) {
    try {
      await local.replicate.to(remote, batches);
      return;
    } catch {
      // the link broke: it goes on from its checkpoint
      await sleep(retryDelayMs);
    }
  }
}

/** Goes on for ever; returns once it has caught up. */
function replicateLive(): Promise<void> {
  const live = { live: true, retry: true, back_off_function: () => retryDelayMs };
  const replication = local.replicate.to(remote, { ...batches, ...live });
  replication.catch((error: unknown) => {
    throw error;
  });
  return new Promise((resolve) => {
    replication.on("paused", (error) => {
      if (error === undefined) resolve();
    });
  });
}

const work = { load, once: replicateOnce, live: replicateLive };

answerRequests<{ readonly what: keyof typeof work }>({}, async ({ what }) => {
  await work[what]();
  return { done: true };
});
