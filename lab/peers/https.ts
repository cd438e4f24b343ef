/**
 * HTTPS: gzipped batches of lines to a server that keeps each event once. What most
 * people write when they need a sync; here with TLS 1.3, a connection that is kept,
 * and a server that answers after the disk has it.
 */
import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ProcessWatch } from "../process-watch.ts";
import { ndjson } from "./peer.ts";
import type { HubPlace, Peer, PeerClinic, PeerHub } from "./peer.ts";
import { startScript } from "./script.ts";
import { makeTlsFiles } from "./tls-files.ts";

function httpsPeer(name: string, title: string, batchEvents: number): Peer {
  return {
    name,
    title,
    tuning: `Node's https, TLS 1.3, keep-alive, gzip level 9, batches of ${batchEvents}, SQLite with synchronous = FULL`,
    isEncrypted: true,
    missing: async () => undefined,
    openHub: (place) => openHub(place, batchEvents),
  };
}

export const httpsBatches: Peer = httpsPeer("https", "HTTPS, gzip, by 256", 256);
export const httpsWhole: Peer = httpsPeer("https-whole", "HTTPS, gzip, one batch", 1_000_000);

async function openHub({ dir, watch }: HubPlace, batchEvents: number): Promise<PeerHub> {
  const tls = await makeTlsFiles(dir);
  const { script, ready } = await startScript<{ readonly port: number }>(
    "https-server.ts",
    { tls, database: join(dir, "events.sqlite") },
    { with: watch, side: "hub" },
  );
  return {
    port: ready.port,
    async addClinic(clinic) {
      const folder = join(dir, clinic);
      await mkdir(folder);
      return clientIn({ dir: folder, clinic, batchEvents, tls }, watch);
    },
    held: async (clinic) => (await script.ask<{ readonly held: number }>({ clinic })).held,
    close: () => script.stop(),
  };
}

function clientIn(
  argument: {
    readonly dir: string;
    readonly clinic: string;
    readonly batchEvents: number;
    readonly tls: string;
  },
  watch: ProcessWatch,
): PeerClinic {
  const connect = async (address: string) => {
    const to = { with: watch, side: "clinic" } as const;
    return (await startScript("https-client.ts", { ...argument, address }, to)).script;
  };
  const write: PeerClinic["write"] = (events) =>
    appendFile(join(argument.dir, "events.ndjson"), ndjson(events));
  return {
    write,
    async sync(address) {
      const script = await connect(address);
      await script.ask({});
      await script.stop();
    },
    async stay(address) {
      const script = await connect(address);
      await script.ask({});
      return {
        async push(events) {
          await write(events);
          await script.ask({});
        },
        close: () => script.stop(),
      };
    },
  };
}
