/**
 * git: the log is a file in a repository, a sync is a commit and a push to a bare
 * repository behind `git daemon`. No encryption.
 */
import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ndjson } from "./peer.ts";
import type { HubPlace, Peer, PeerClinic, PeerHub } from "./peer.ts";
import { freePort, runToolOk, runUntilOk, serveTool, versionOf } from "./tool.ts";

/** What a person's own configuration says has no say here. */
const env = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "clinic",
  GIT_AUTHOR_EMAIL: "clinic@example.org",
  GIT_COMMITTER_NAME: "clinic",
  GIT_COMMITTER_EMAIL: "clinic@example.org",
};
const durable = ["-c", "core.fsync=all"];

export const git: Peer = {
  name: "git",
  title: "git, one commit",
  tuning: "one file, one commit, core.compression 9, git push to git daemon, core.fsync all",
  isEncrypted: false,
  async missing() {
    const found = versionOf("git", ["daemon", "-h"]) ?? versionOf("git");
    return found === undefined ? "git is not installed" : undefined;
  },
  openHub,
};

async function openHub({ dir, watch }: HubPlace): Promise<PeerHub> {
  const port = await freePort();
  const server = await serveTool(
    [
      ...["git", ...durable, "daemon", "--export-all", "--enable=receive-pack", "--reuseaddr"],
      ...["--listen=127.0.0.1", `--port=${port}`, `--base-path=${dir}`],
    ],
    { port, env, watch: { with: watch, side: "hub" } },
  );
  const bare = (name: string) => join(dir, `${name}.git`);
  return {
    port,
    async addClinic(name) {
      const folder = join(dir, `${name}.work`);
      await mkdir(folder);
      await runToolOk(["git", "init", "--quiet", "--bare", "--initial-branch=main", bare(name)], {
        env,
      });
      const inside = (args: readonly string[]) =>
        runToolOk(["git", ...durable, ...args], { cwd: folder, env });
      await inside(["init", "--quiet", "--initial-branch=main"]);
      await inside(["config", "core.compression", "9"]);
      return {
        async write(events) {
          await appendFile(join(folder, "events.ndjson"), ndjson(events));
          await inside(["add", "events.ndjson"]);
          await inside(["commit", "--quiet", "--message", "events"]);
        },
        sync: (address) =>
          runUntilOk(["git", "push", "--quiet", `git://${address}/${name}.git`, "main"], {
            cwd: folder,
            env,
            watch: { with: watch, side: "clinic" },
          }),
      } satisfies PeerClinic;
    },
    async held(clinic) {
      const text = await runToolOk(["git", "-C", bare(clinic), "show", "main:events.ndjson"], {
        env,
      });
      return text.split("\n").length - 1;
    },
    close: () => server.stop(),
  };
}
