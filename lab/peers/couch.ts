/**
 * PouchDB, the best-known way to keep a browser's or a small server's data in step,
 * replicating to a server that speaks CouchDB's protocol.
 */
import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ensureInstalled } from "../../scripts/install.js";
import type { ProcessWatch } from "../process-watch.ts";
import { ndjson } from "./peer.ts";
import type { HubPlace, Peer, PeerClinic, PeerHub } from "./peer.ts";
import { startScript } from "./script.ts";
import { makeTlsFiles } from "./tls-files.ts";

export const pouchdb: Peer = {
  name: "pouchdb",
  title: "PouchDB to CouchDB",
  tuning:
    "PouchDB 9 on LevelDB, batches of 1,000, keep-alive, TLS 1.3; a CouchDB-protocol server on SQLite",
  isEncrypted: true,
  async missing() {
    const status = ensureInstalled(import.meta.dirname, "PouchDB to compare with (once; 25 MB)");
    return status === 0 ? undefined : "PouchDB could not be installed";
  },
  openHub,
};

async function openHub({ dir, watch }: HubPlace): Promise<PeerHub> {
  const tls = await makeTlsFiles(dir);
  const { script, ready } = await startScript<{ readonly port: number }>(
    "couch-server.ts",
    { tls, database: join(dir, "docs.sqlite") },
    { with: watch, side: "hub" },
  );
  return {
    port: ready.port,
    async addClinic(clinic) {
      const folder = join(dir, clinic);
      await mkdir(folder);
      return clientIn({ dir: folder, clinic, tls }, watch);
    },
    held: async (clinic) => (await script.ask<{ readonly held: number }>({ clinic })).held,
    close: () => script.stop(),
  };
}

function clientIn(
  argument: { readonly dir: string; readonly clinic: string; readonly tls: string },
  watch: ProcessWatch,
): PeerClinic {
  const connect = async (address: string) => {
    const to = { with: watch, side: "clinic" } as const;
    return (await startScript("couch-client.ts", { ...argument, address }, to)).script;
  };
  const log = join(argument.dir, "events.ndjson");
  return {
    async write(events) {
      await appendFile(log, ndjson(events));
      const script = await connect("127.0.0.1:1");
      await script.ask({ what: "load" });
      await script.stop();
    },
    async sync(address) {
      const script = await connect(address);
      await script.ask({ what: "once" });
      await script.stop();
    },
    async stay(address) {
      const script = await connect(address);
      await script.ask({ what: "live" });
      return {
        async push(events) {
          await appendFile(log, ndjson(events));
          await script.ask({ what: "load" });
        },
        close: () => script.stop(),
      };
    },
  };
}
