/**
 * rsync of a log file to a daemon: the clinic appends lines, rsync sends what the
 * hub's copy lacks. No encryption (most wrap it in ssh, which costs more), and no
 * acknowledgement for single events.
 */
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ndjson } from "./peer.ts";
import type { HubPlace, Peer, PeerHub } from "./peer.ts";
import { freePort, runUntilOk, serveTool, versionOf } from "./tool.ts";

function rsyncPeer(name: string, title: string, compression: readonly string[]): Peer {
  const flags = ["-t", "-z", ...compression, "--append-verify", "--fsync", "--timeout=60"];
  return {
    name,
    title,
    tuning: `rsync ${flags.join(" ")} LOG rsync://HUB/inbox/, again after a second when it fails`,
    isEncrypted: false,
    missing: async () => (versionOf("rsync") === undefined ? "rsync is not installed" : undefined),
    openHub: (place) => openHub(place, flags),
  };
}

/** As everybody runs it, and with the compressor at its slowest, which few know about. */
export const rsync: Peer = rsyncPeer("rsync", "rsync -z", []);
export const rsyncBest: Peer = rsyncPeer("rsync-19", "rsync -z, zstd 19", ["--zc=zstd", "--zl=19"]);

async function openHub({ dir, watch }: HubPlace, flags: readonly string[]): Promise<PeerHub> {
  const inbox = join(dir, "inbox");
  await mkdir(inbox, { recursive: true });
  const isRoot = process.getuid?.() === 0;
  const config = [
    "use chroot = no",
    ...(isRoot ? ["uid = root", "gid = root"] : []),
    "[inbox]",
    `path = ${inbox}`,
    "read only = false",
  ];
  await writeFile(join(dir, "rsyncd.conf"), `${config.join("\n")}\n`);
  const port = await freePort();
  const server = await serveTool(
    [
      ...["rsync", "--daemon", "--no-detach", "--address=127.0.0.1", `--port=${port}`],
      `--config=${join(dir, "rsyncd.conf")}`,
    ],
    { port, watch: { with: watch, side: "hub" } },
  );
  return {
    port,
    async addClinic(name) {
      const folder = join(dir, name);
      await mkdir(folder);
      const log = join(folder, `${name}.ndjson`);
      return {
        write: (events) => appendFile(log, ndjson(events)),
        sync: (address) =>
          runUntilOk(["rsync", ...flags, log, `rsync://${address}/inbox/`], {
            watch: { with: watch, side: "clinic" },
          }),
      };
    },
    async held(clinic) {
      const bytes = await readFile(join(inbox, `${clinic}.ndjson`));
      return bytes.reduce((lines, byte) => lines + (byte === 10 ? 1 : 0), 0);
    },
    close: () => server.stop(),
  };
}
