/**
 * A bad link for TCP: a proxy on loopback that has the delay, the jitter, the
 * narrow pipe, the modem's buffer and the sudden deaths of a 2G connection.
 *
 * Faults it creates, all of which the engine claims to survive: late bytes,
 * slow bytes, RST to both sides, FIN in mid-stream, silence (nothing arrives
 * any more, and neither side is told), a stall (everything arrives, later),
 * refused connections, and any of these after an exact number of delivered
 * bytes or after a time (link-cuts.ts). Bytes are never reordered, changed
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
import { createSeededRandom } from "../src/testing/seeded-random.ts";
import { machineClock } from "./link-clock.ts";
import { Connection } from "./link-connection.ts";
import type { ConnectionCounters, DeadlyCut, LinkState } from "./link-connection.ts";
import { CutSchedule } from "./link-cuts.ts";
import type { CutPlan } from "./link-cuts.ts";
import { Line, defaultQueueBytes } from "./link-flow.ts";
import type { LineOptions } from "./link-flow.ts";

export type { ConnectionCounters, DeadlyCut } from "./link-connection.ts";
export type { CutMode, CutPlan } from "./link-cuts.ts";
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
  /** Bytes that were on their way when their connection died, both ways. */
  readonly lostBytes: number;
  /** Connections that a cut killed, and stalls. */
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
  /** Kills every living connection, and what waits to leave; returns how many there were. */
  cut(mode: DeadlyCut): number;
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
  const living = () => connections.filter((connection) => connection.isAlive);
  const pause = () => {
    state.isPaused = true;
  };
  const resume = () => {
    state.isPaused = false;
    for (const connection of living()) connection.deliver();
  };
  const cut = (mode: DeadlyCut) => {
    const victims = living();
    for (const connection of victims) connection.cut(mode);
    lines.up.clear();
    lines.down.clear();
    cuts += victims.length;
    return victims.length;
  };
  /** What the plan says, to one connection or to all. */
  const onCut = ({ mode, downMs = 0 }: CutPlan, connection: Connection | undefined) => {
    if (mode === "stall") {
      cuts++;
      pause();
      machineClock.at(machineClock.monotonicMs() + downMs, resume);
      return;
    }
    if (connection === undefined) cut(mode);
    else {
      connection.cut(mode);
      cuts++;
    }
    if (downMs > 0) downFor(downMs, mode === "silence" ? "silence" : "refuse");
  };
  const schedule = new CutSchedule<Connection>(machineClock, onCut);
  schedule.set(options.cutPlan);
  const state: LinkState = {
    clock: machineClock,
    queueBytes: options.queueBytes ?? defaultQueueBytes,
    cuts: schedule,
    isPaused: false,
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
    const connection = new Connection(nextId++, state, lines, { client, target, openAtMs });
    connections.push(connection);
    schedule.begin(connection);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.listen?.port ?? 0, options.listen?.host ?? "127.0.0.1", resolve);
  });
  const { address: host, port } = server.address() as AddressInfo;

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
        lostBytes: sum((counters) => counters.upLostBytes + counters.downLostBytes),
        cuts,
        refused,
        connections: each,
      };
    },
    cut,
    downFor,
    setCutPlan: (plan) => schedule.set(plan),
    pause,
    resume,
    async close() {
      schedule.set(undefined);
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
