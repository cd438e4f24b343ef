/**
 * The real Toxiproxy (github.com/Shopify/toxiproxy) as the lab's link: found in PATH,
 * or built once by `go install` of a pinned version where Go is installed.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort, runTool, serveTool, versionOf } from "./peers/tool.ts";
import type { Profile } from "./profiles.ts";

export const toxiproxyVersion = "v2.12.0";
const cacheDir = fileURLToPath(new URL(`.cache/toxiproxy-${toxiproxyVersion}`, import.meta.url));

export interface Toxiproxy {
  readonly host: string;
  /** Waits until it answers. */
  ready(): Promise<void>;
  /** `to` is HOST:PORT, as Toxiproxy sees it. */
  openProxy(to: string, profile: Profile): Promise<ToxicProxy>;
}

/** One that was started here. */
export interface OwnToxiproxy extends Toxiproxy {
  readonly version: string;
  close(): Promise<void>;
}

export interface ToxicProxy {
  readonly port: number;
  /** Disabled, it kills its connections and refuses new ones. */
  setEnabled(isEnabled: boolean): Promise<void>;
}

interface Server {
  readonly path: string;
  readonly version: string;
}

/** The server, or why there is none. */
async function findServer(): Promise<Server | { readonly missing: string }> {
  const present = versionOf("toxiproxy-server", ["-version"]);
  if (present !== undefined) return { path: "toxiproxy-server", version: present };
  const path = join(cacheDir, "server");
  if (existsSync(path)) return { path, version: toxiproxyVersion };
  if (versionOf("go", ["version"]) === undefined)
    return { missing: "neither toxiproxy-server nor Go is installed" };
  process.stderr.write(`building Toxiproxy ${toxiproxyVersion} (once; some minutes) ...\n`);
  const module = `github.com/Shopify/toxiproxy/v2/cmd/server@${toxiproxyVersion}`;
  const built = await runTool(["go", "install", module], { env: { GOBIN: cacheDir } });
  return built.status === 0
    ? { path, version: toxiproxyVersion }
    : { missing: `go install failed: ${built.stderr}` };
}

/** Starts it, or says why it cannot run here. */
export async function startToxiproxy(): Promise<OwnToxiproxy | { readonly missing: string }> {
  const found = await findServer();
  if ("missing" in found) return found;
  const port = await freePort();
  const command = [found.path, "-host", "127.0.0.1", "-port", String(port)];
  const server = await serveTool(command, { port, env: { LOG_LEVEL: "error" } });
  return {
    ...toxiproxyAt(`127.0.0.1:${port}`),
    version: found.version,
    close: () => server.stop(),
  };
}

/** One that runs already; `address` is HOST:PORT of its API. */
export function toxiproxyAt(address: string): Toxiproxy {
  const api = async <T>(path: string, body: unknown): Promise<T> => {
    const answer = await fetch(`http://${address}${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`Toxiproxy ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const host = address.slice(0, address.lastIndexOf(":"));
  const isLocal = host === "127.0.0.1" || host === "localhost";
  let count = 0;
  return {
    host,
    async ready() {
      for (let triesLeft = 60; ; triesLeft--) {
        const isUp = await fetch(`http://${address}/version`).then(
          (answer) => answer.ok,
          () => false,
        );
        if (isUp) return;
        if (triesLeft === 0) throw new Error(`no Toxiproxy at ${address}`);
        await sleep(500);
      }
    },
    async openProxy(to, profile) {
      const name = `link${process.pid}-${++count}`;
      const { listen } = await api<{ readonly listen: string }>("/proxies", {
        name,
        listen: isLocal ? "127.0.0.1:0" : "0.0.0.0:0",
        upstream: to,
      });
      for (const toxic of toxicsOf(profile)) await api(`/proxies/${name}/toxics`, toxic);
      return {
        port: Number(listen.slice(listen.lastIndexOf(":") + 1)),
        async setEnabled(enabled) {
          await api(`/proxies/${name}`, { enabled });
        },
      };
    },
  };
}

/** Latency and bandwidth in both directions; Toxiproxy counts whole kilobytes (1000) a second. */
function toxicsOf({ delayMs, jitterMs, rateBytesPerS }: Profile): readonly object[] {
  const rate = Math.max(1, Math.round(rateBytesPerS / 1000));
  return ["upstream", "downstream"].flatMap((stream) => [
    { type: "latency", stream, attributes: { latency: delayMs, jitter: jitterMs } },
    { type: "bandwidth", stream, attributes: { rate } },
  ]);
}
