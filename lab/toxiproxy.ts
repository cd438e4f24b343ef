/**
 * The real Toxiproxy (github.com/Shopify/toxiproxy) as the lab's link: found in PATH,
 * or built once by `go install` of a pinned version where Go is installed.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, runTool, serveTool, versionOf } from "./peers/tool.ts";
import type { Profile } from "./profiles.ts";

const version = "v2.12.0";
const cacheDir = fileURLToPath(new URL(`.cache/toxiproxy-${version}`, import.meta.url));

export interface Toxiproxy {
  readonly version: string;
  openProxy(toPort: number, profile: Profile): Promise<ToxicProxy>;
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
  if (existsSync(path)) return { path, version };
  if (versionOf("go", ["version"]) === undefined)
    return { missing: "neither toxiproxy-server nor Go is installed" };
  process.stderr.write(`building Toxiproxy ${version} (once; some minutes) ...\n`);
  const module = `github.com/Shopify/toxiproxy/v2/cmd/server@${version}`;
  const built = await runTool(["go", "install", module], { env: { GOBIN: cacheDir } });
  return built.status === 0 ? { path, version } : { missing: `go install failed: ${built.stderr}` };
}

/** Starts it, or says why it cannot run here. */
export async function startToxiproxy(): Promise<Toxiproxy | { readonly missing: string }> {
  const found = await findServer();
  if ("missing" in found) return found;
  const port = await freePort();
  const server = await serveTool([found.path, "-host", "127.0.0.1", "-port", String(port)], {
    port,
    env: { LOG_LEVEL: "error" },
  });
  const api = async <T>(path: string, body: unknown): Promise<T> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`Toxiproxy ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  let count = 0;
  return {
    version: found.version,
    async openProxy(toPort, profile) {
      const path = `/proxies/link${++count}`;
      const { listen } = await api<{ readonly listen: string }>("/proxies", {
        name: `link${count}`,
        listen: "127.0.0.1:0",
        upstream: `127.0.0.1:${toPort}`,
      });
      for (const toxic of toxicsOf(profile)) await api(`${path}/toxics`, toxic);
      return {
        port: Number(listen.slice(listen.lastIndexOf(":") + 1)),
        async setEnabled(enabled) {
          await api(path, { enabled });
        },
      };
    },
    close: () => server.stop(),
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
