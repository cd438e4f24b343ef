/**
 * A bad link for TCP: a proxy on loopback that has the delay, the jitter, the
 * narrow pipe, the modem's buffer and the sudden deaths of a 2G connection.
 *
 * Faults it creates, all of which the engine claims to survive: late bytes,
 * slow bytes, RST to both sides, FIN in mid-stream, silence (nothing arrives
 * any more, and neither side is told), refused connections, and any of the cuts
 * after an exact number of delivered bytes. Bytes are never reordered, changed
 * or repeated, since TCP would hide that from both ends.
 *
 * How it models a link:
 *  - Each direction is one pipe that all connections share. A byte leaves when
 *    those before it have left (`rateBytesPerS`), and arrives one delay later.
 *  - Jitter is drawn once for each read, and arrivals stay in order.
 *  - The pipe's buffer is bounded: beyond `queueBytes` waiting bytes (and at most
 *    one read more) the sender's socket is no longer read, so it feels the rate.
 *    The kernel's own socket buffers on loopback come on top.
 *  - TCP's handshake costs a round trip on a real link, but connect() to a
 *    loopback proxy returns at once. To make up for it, the connection onwards is
 *    opened one delay after the accept, and the first bytes of the client are held
 *    until one round trip after it, as if connect() had returned only then.
 *  - Not modelled: TCP's slow start, packet headers, loss with retransmission.
 */
import { Socket, createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { parseArgs } from "node:util";
import { createSeededRandom } from "../src/testing/seeded-random.ts";
import { Connection } from "./link-connection.ts";
import type { ConnectionCounters, CutMode, CutPlan, LinkState } from "./link-connection.ts";
import { Line, defaultQueueBytes } from "./link-flow.ts";
import type { LineOptions } from "./link-flow.ts";

export type { ConnectionCounters, CutMode, CutPlan } from "./link-connection.ts";
export type { Direction } from "./link-flow.ts";

export interface LinkOptions extends LineOptions {
  readonly listen?: { readonly host?: string; readonly port?: number };
  readonly to: { readonly host?: string; readonly port: number };
  /** Bytes that may wait to leave, each way; default 64 KiB. */
  readonly queueBytes?: number;
  readonly seed?: number;
  readonly cutPlan?: CutPlan;
}

export interface LinkCounters {
  readonly upBytes: number;
  readonly downBytes: number;
  readonly cuts: number;
  readonly refused: number;
  readonly connections: readonly ConnectionCounters[];
}

export interface Link {
  readonly host: string;
  readonly port: number;
  /** "HOST:PORT", to connect to. */
  readonly address: string;
  counters(): LinkCounters;
  /** Kills every living connection; returns how many there were. */
  cut(mode: CutMode): number;
  /** Refuses new connections for so long: by RST at once, or by silence. */
  downFor(durationMs: number, mode?: "refuse" | "silence"): void;
  /** Replaces the plan, also for living connections; undefined takes it away. */
  setCutPlan(plan: CutPlan | undefined): void;
  /** Nothing moves until `resume`; then everything held arrives, as after a TCP retransmission. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

/** Starts a link. Close it, or the process does not end. */
export async function startLink(options: LinkOptions): Promise<Link> {
  const random = createSeededRandom(options.seed ?? 1);
  const lines = { up: new Line(options, random.fork()), down: new Line(options, random.fork()) };
  const connections: Connection[] = [];
  const swallowed = new Set<Socket>();
  let nextId = 1;
  let cuts = 0;
  let refused = 0;
  let downUntilMs = 0;
  let downMode: "refuse" | "silence" = "refuse";

  const downFor = (durationMs: number, mode: "refuse" | "silence" = "refuse") => {
    downUntilMs = performance.now() + durationMs;
    downMode = mode;
  };
  const state: LinkState = {
    queueBytes: options.queueBytes ?? defaultQueueBytes,
    isPaused: false,
    cutPlan: options.cutPlan,
    planCuts: 0,
    onPlannedCut(plan) {
      cuts++;
      if (plan.downMs !== undefined)
        downFor(plan.downMs, plan.mode === "silence" ? "silence" : "refuse");
    },
  };

  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    client.on("error", () => {});
    const nowMs = performance.now();
    if (nowMs < downUntilMs) {
      refused++;
      if (downMode === "refuse") client.resetAndDestroy();
      else swallowed.add(client.pause());
      return;
    }
    const delayMs = lines.up.drawDelayMs();
    const target = createTarget(options.to, delayMs);
    const openAtMs = nowMs + delayMs + lines.down.drawDelayMs();
    connections.push(new Connection(nextId++, state, lines, { client, target, openAtMs }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.listen?.port ?? 0, options.listen?.host ?? "127.0.0.1", resolve);
  });
  const { address: host, port } = server.address() as AddressInfo;
  const living = () => connections.filter((connection) => connection.isAlive);

  return {
    host,
    port,
    address: `${host}:${port}`,
    counters() {
      const each = connections.map((connection) => connection.counters());
      const sum = (of: (counters: ConnectionCounters) => number) =>
        each.reduce((total, counters) => total + of(counters), 0);
      return {
        upBytes: sum((counters) => counters.upBytes),
        downBytes: sum((counters) => counters.downBytes),
        cuts,
        refused,
        connections: each,
      };
    },
    cut(mode) {
      const victims = living();
      for (const connection of victims) connection.cut(mode);
      cuts += victims.length;
      return victims.length;
    },
    downFor,
    setCutPlan(plan) {
      state.cutPlan = plan;
      state.planCuts = 0;
    },
    pause() {
      state.isPaused = true;
    },
    resume() {
      state.isPaused = false;
      for (const connection of living()) connection.deliver();
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections) connection.destroy();
      for (const socket of swallowed) socket.destroy();
      await closed;
    },
  };
}

/** A socket that connects to the target once the client's SYN has travelled there. */
function createTarget(to: LinkOptions["to"], delayMs: number): Socket {
  const options = { host: to.host ?? "127.0.0.1", port: to.port };
  const socket = new Socket({ allowHalfOpen: true }).setNoDelay().on("error", () => {});
  const connect = () => {
    if (!socket.destroyed) socket.connect(options);
  };
  if (delayMs === 0) connect();
  else setTimeout(connect, delayMs);
  return socket;
}

/** "HOST:PORT" or "PORT". */
function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:(.*):)?(\d{1,5})$/.exec(text);
  if (match === null) throw new Error(`not an address: ${text}`);
  return { host: match[1] || "127.0.0.1", port: Number(match[2]) };
}

const usage = `usage: node lab/link.ts --listen [HOST:]PORT --to [HOST:]PORT
  [--delay MS] [--jitter MS] [--rate BYTES_PER_S] [--queue BYTES] [--seed N]
  [--cut-after BYTES] [--cut-mode rst|fin|silence] [--cut-times N] [--down-for MS]`;

/** By hand: prints the counters every second in which something moved, until Ctrl-C. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      listen: { type: "string", default: "127.0.0.1:0" },
      to: { type: "string" },
      delay: { type: "string", default: "600" },
      jitter: { type: "string", default: "100" },
      rate: { type: "string", default: "30000" },
      queue: { type: "string", default: String(defaultQueueBytes) },
      seed: { type: "string", default: "1" },
      "cut-after": { type: "string" },
      "cut-mode": { type: "string", default: "rst" },
      "cut-times": { type: "string", default: "1" },
      "down-for": { type: "string", default: "0" },
    },
  });
  const mode = values["cut-mode"];
  if (values.to === undefined || (mode !== "rst" && mode !== "fin" && mode !== "silence")) {
    console.error(usage);
    process.exitCode = 2;
    return;
  }
  const link = await startLink({
    listen: parseAddress(values.listen),
    to: parseAddress(values.to),
    delayMs: Number(values.delay),
    jitterMs: Number(values.jitter),
    rateBytesPerS: Number(values.rate),
    queueBytes: Number(values.queue),
    seed: Number(values.seed),
    ...(values["cut-after"] === undefined
      ? {}
      : {
          cutPlan: {
            afterBytes: Number(values["cut-after"]),
            mode,
            times: Number(values["cut-times"]),
            downMs: Number(values["down-for"]),
          },
        }),
  });
  console.log(`link ${link.address} -> ${values.to}`);
  let shown = "";
  const report = () => {
    const { upBytes, downBytes, cuts, connections } = link.counters();
    const line = `up ${upBytes} B, down ${downBytes} B, connections ${connections.length}, cuts ${cuts}`;
    if (line !== shown) console.log(line);
    shown = line;
  };
  const timer = setInterval(report, 1000);
  process.once("SIGINT", () => {
    clearInterval(timer);
    report();
    void link.close();
  });
}

if (import.meta.main) await main();
