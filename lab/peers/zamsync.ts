/** ZamSync itself, by its command: `serve --policy own` at the hub, `sync` or `daemon` at the clinic. */
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  auditOf,
  jsonLines,
  keepUntilExit,
  projectRoot,
  runOk,
  serve,
  sourceEntry,
  waitUntil,
} from "../command.ts";
import { parseCommandLine } from "../../src/command/parse.ts";
import type { ClinicEvent } from "../clinic-events.ts";
import type { ProcessWatch } from "../process-watch.ts";
import { ndjson } from "./peer.ts";
import type { HubPlace, Peer, PeerHub, StayingClinic } from "./peer.ts";

const syncTimeoutMs = 3_600_000;

function zamsyncPeer(name: string, title: string, flags: readonly string[]): Peer {
  const args = flags.length === 0 ? "" : ` ${flags.join(" ")}`;
  return {
    name,
    title,
    tuning: `the command as it is: zamsync sync${args}, mutual TLS 1.3, encrypted at rest, every event acknowledged`,
    isEncrypted: true,
    missing: async () => refusalOf(flags),
    openHub: (place) => openHub(place, flags),
  };
}

/** As it comes, and held to each of its two levels. */
export const zamsync: Peer = zamsyncPeer("zamsync", "ZamSync", []);
export const zamsyncTokens: Peer = zamsyncPeer("zamsync-1", "ZamSync, level 1", [
  "--codec",
  "tokens",
]);
export const zamsyncMix: Peer = zamsyncPeer("zamsync-2", "ZamSync, level 2", ["--codec", "mix"]);

/** What this version of the command has against the flags, or undefined. */
function refusalOf(flags: readonly string[]): string | undefined {
  try {
    parseCommandLine(["sync", "clinic", "--hub", "hub", ...flags], {});
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function openHub({ dir, watch }: HubPlace, flags: readonly string[]): Promise<PeerHub> {
  await mkdir(dir, { recursive: true });
  const hubDir = join(dir, "hub");
  await runOk(["keygen", hubDir, "--hub"]);
  const serving = await serve([hubDir, "--policy", "own"]);
  watch.add(serving.child.pid, "hub");
  return {
    port: serving.port,
    async addClinic(name) {
      const clinicDir = join(dir, name);
      await runOk(["keygen", clinicDir]);
      await runOk(["sign", join(clinicDir, "tls", "node.csr"), "--ca", hubDir]);
      const write = async (events: readonly ClinicEvent[]) => {
        await runOk(["push", clinicDir, "--stdin", "--type", "2"], { input: ndjson(events) });
      };
      return {
        write,
        async sync(address) {
          await runOk(
            ["sync", clinicDir, "--hub", address, ...flags, "--timeout", "1h", "--json"],
            {
              timeoutMs: syncTimeoutMs,
              onStart: (child) => watch.add(child.pid, "clinic"),
            },
          );
        },
        stay: (address) => startDaemon([clinicDir, "--hub", address, ...flags], write, watch),
      };
    },
    held: async (clinic) => (await auditOf(hubDir)).filter(({ node }) => node === clinic).length,
    async close() {
      await serving.stop();
    },
  };
}

/** A daemon, once its first sync is over. */
async function startDaemon(
  args: readonly string[],
  write: (events: readonly ClinicEvent[]) => Promise<void>,
  watch: ProcessWatch,
): Promise<StayingClinic> {
  const child = keepUntilExit(
    spawn(process.execPath, [sourceEntry, "daemon", ...args, "--json"], {
      cwd: projectRoot,
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
  watch.add(child.pid, "clinic");
  let stdout = "";
  child.stderr?.resume();
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  const closed = new Promise((resolve) => child.on("close", resolve));
  const syncs = () =>
    jsonLines<{ readonly event: string }>(stdout).filter(({ event }) => event === "synced");
  await waitUntil(() => syncs().length > 0, 120_000);
  return {
    push: write,
    async close() {
      child.kill("SIGTERM");
      await closed;
    },
  };
}
