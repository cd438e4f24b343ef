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
import { createRandom } from "./random.ts";
import type { Random } from "./random.ts";

/** How a connection dies. `silence`: both sockets stay open, and nothing arrives any more. */
export type CutMode = "rst" | "fin" | "silence";

/** Up is from the client (who connects to the link) to the target. */
export type Direction = "up" | "down";

export interface CutPlan {
  /** Counted in bytes delivered on one connection, in `direction`, or in both together. */
  readonly afterBytes: number;
  readonly direction?: Direction | "both";
  readonly mode: CutMode;
  /** Refuse (or with silence: swallow) new connections for so long after the cut. Default 0. */
  readonly downMs?: number;
  /** How many connections die by this plan; default all. */
  readonly times?: number;
}

export interface LinkOptions {
  readonly listen?: { readonly host?: string; readonly port?: number };
  readonly to: { readonly host?: string; readonly port: number };
  /** One way; default 0. */
  readonly delayMs?: number;
  /** Plus or minus; default 0. */
  readonly jitterMs?: number;
  /** Each way; 0, the default, is unlimited. */
  readonly rateBytesPerS?: number;
  /** Bytes that may wait to leave, each way; default 64 KiB. */
  readonly queueBytes?: number;
  readonly seed?: number;
  readonly cutPlan?: CutPlan;
}

export interface ConnectionCounters {
  readonly id: number;
  /** Bytes delivered to the target, and to the client. */
  readonly upBytes: number;
  readonly downBytes: number;
  /** Bytes read from the client and from the target; more than delivered when a cut lost some. */
  readonly upOfferedBytes: number;
  readonly downOfferedBytes: number;
  /** Undefined while it lives: a cut's mode, or `closed` when an end closed it. */
  readonly ended: CutMode | "closed" | "refused" | undefined;
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

/** What travels together: about one packet of a mobile link. */
const quantumBytes = 1400;
const defaultQueueBytes = 64 * 1024;
/** Beyond the queue, what may be in flight towards a receiver that does not read. */
const inFlightBytesMax = 1024 * 1024;

interface Travelling {
  readonly arrivalMs: number;
  readonly content: Buffer | "fin" | "rst";
}

/** One direction of the whole link: a serial line that connections share. */
class Line {
  private freeAtMs = 0;
  private readonly rateBytesPerMs: number;
  private readonly delayMs: number;
  private readonly jitterMs: number;
  private readonly random: Random;

  constructor(options: LinkOptions, random: Random) {
    this.rateBytesPerMs = (options.rateBytesPerS ?? 0) / 1000;
    this.delayMs = options.delayMs ?? 0;
    this.jitterMs = options.jitterMs ?? 0;
    this.random = random;
  }

  drawDelayMs(): number {
    const jitter = (this.random.fraction() * 2 - 1) * this.jitterMs;
    return Math.max(0, this.delayMs + jitter);
  }

  /** When the last of `sizeBytes`, offered at `readyMs`, has left. */
  departureMs(sizeBytes: number, readyMs: number): number {
    if (this.rateBytesPerMs === 0) return readyMs;
    const start = Math.max(readyMs, this.freeAtMs);
    this.freeAtMs = start + sizeBytes / this.rateBytesPerMs;
    return this.freeAtMs;
  }

  /** How long until no more than `sizeBytes` wait to leave; 0 when that is so already. */
  waitUntilAtMostMs(sizeBytes: number, nowMs: number): number {
    if (this.rateBytesPerMs === 0) return 0;
    return Math.max(0, this.freeAtMs - sizeBytes / this.rateBytesPerMs - nowMs);
  }
}

/** One direction of one connection. */
class Flow {
  readonly direction: Direction;
  offeredBytes = 0;
  deliveredBytes = 0;
  private readonly line: Line;
  private readonly from: Socket;
  private readonly to: Socket;
  private readonly connection: Connection;
  private readonly queue: Travelling[] = [];
  private travellingBytes = 0;
  private lastArrivalMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private resumeTimer: NodeJS.Timeout | undefined;
  private isBlocked = false;
  private isDead = false;

  constructor(direction: Direction, line: Line, ends: { from: Socket; to: Socket }, connection: Connection) {
    this.direction = direction;
    this.line = line;
    this.from = ends.from;
    this.to = ends.to;
    this.connection = connection;
    this.from.on("data", (bytes: Buffer) => this.accept(bytes));
    this.from.on("end", () => this.enqueueEnd("fin"));
    this.from.on("error", () => this.enqueueEnd("rst"));
    this.to.on("drain", () => {
      this.isBlocked = false;
      this.deliver();
    });
  }

  private accept(bytes: Buffer): void {
    if (this.isDead) return;
    this.offeredBytes += bytes.length;
    const nowMs = performance.now();
    const readyMs = Math.max(nowMs, this.connection.openAtMs);
    const delayMs = this.line.drawDelayMs();
    for (let at = 0; at < bytes.length; at += quantumBytes) {
      const piece = bytes.subarray(at, at + quantumBytes);
      this.enqueue(piece, this.line.departureMs(piece.length, readyMs) + delayMs);
      this.travellingBytes += piece.length;
    }
    this.throttle(nowMs);
    this.deliver();
  }

  private enqueueEnd(end: "fin" | "rst"): void {
    if (this.isDead) return;
    const readyMs = Math.max(performance.now(), this.connection.openAtMs);
    this.enqueue(end, this.line.departureMs(0, readyMs) + this.line.drawDelayMs());
    this.deliver();
  }

  private enqueue(content: Travelling["content"], arrivalMs: number): void {
    this.lastArrivalMs = Math.max(this.lastArrivalMs, arrivalMs);
    this.queue.push({ arrivalMs: this.lastArrivalMs, content });
  }

  /** Stops reading the sender while the modem's buffer is full. */
  private throttle(nowMs: number): void {
    const { queueBytes } = this.connection;
    const isFull = this.line.waitUntilAtMostMs(queueBytes, nowMs) > 0;
    const isUnread = this.travellingBytes > queueBytes + inFlightBytesMax;
    if (!isFull && !isUnread) return;
    this.from.pause();
    if (this.resumeTimer !== undefined) return;
    const waitMs = Math.max(5, this.line.waitUntilAtMostMs(queueBytes / 2, nowMs));
    this.resumeTimer = setTimeout(() => {
      this.resumeTimer = undefined;
      if (this.isDead) return;
      this.from.resume();
      this.throttle(performance.now());
    }, waitMs);
  }

  /** Hands over whatever has arrived by now, and sets the timer for the next. */
  deliver(): void {
    if (this.isDead || this.isBlocked || this.timer !== undefined) return;
    if (this.connection.isPaused || !this.connection.isOpen) return;
    for (let head = this.queue[0]; head !== undefined; head = this.queue[0]) {
      const waitMs = head.arrivalMs - performance.now();
      if (waitMs > 0.5) {
        this.timer = setTimeout(() => {
          this.timer = undefined;
          this.deliver();
        }, waitMs);
        return;
      }
      this.queue.shift();
      if (head.content === "fin") this.to.end();
      else if (head.content === "rst") this.connection.resetByEnd();
      else this.write(head.content);
      if (this.isDead || this.isBlocked) return;
    }
  }

  private write(bytes: Buffer): void {
    const allowed = this.connection.allowance(this.direction);
    const piece = allowed < bytes.length ? bytes.subarray(0, allowed) : bytes;
    this.travellingBytes -= bytes.length;
    if (piece.length > 0) {
      this.deliveredBytes += piece.length;
      this.isBlocked = !this.to.write(piece);
    }
    this.connection.delivered(this.direction);
  }

  kill(): void {
    this.isDead = true;
    this.queue.length = 0;
    clearTimeout(this.timer);
    clearTimeout(this.resumeTimer);
    this.from.pause();
  }
}

/** What a connection needs to know about the link that it belongs to. */
interface LinkState {
  readonly queueBytes: number;
  isPaused: boolean;
  cutPlan: CutPlan | undefined;
  planCuts: number;
  onPlannedCut(plan: CutPlan): void;
}

class Connection {
  readonly id: number;
  readonly openAtMs: number;
  isOpen = false;
  private readonly link: LinkState;
  private readonly client: Socket;
  private readonly target: Socket;
  private readonly up: Flow;
  private readonly down: Flow;
  private ended: ConnectionCounters["ended"];

  constructor(
    id: number,
    link: LinkState,
    lines: { readonly up: Line; readonly down: Line },
    ends: { readonly client: Socket; readonly target: Socket; readonly openAtMs: number },
  ) {
    this.id = id;
    this.link = link;
    this.client = ends.client;
    this.target = ends.target;
    this.openAtMs = ends.openAtMs;
    this.up = new Flow("up", lines.up, { from: ends.client, to: ends.target }, this);
    this.down = new Flow("down", lines.down, { from: ends.target, to: ends.client }, this);
    const onClose = () => {
      if (this.client.destroyed && this.target.destroyed) this.finish("closed");
    };
    this.client.on("close", onClose);
    this.target.on("close", onClose);
    const onOpen = () => {
      this.isOpen = true;
      this.deliver();
    };
    this.target.on("connect", onOpen);
    this.target.on("error", onOpen);
  }

  get queueBytes(): number {
    return this.link.queueBytes;
  }

  get isPaused(): boolean {
    return this.link.isPaused;
  }

  get isAlive(): boolean {
    return this.ended === undefined;
  }

  deliver(): void {
    this.up.deliver();
    this.down.deliver();
  }

  /** How many more bytes the plan lets through in this direction. */
  allowance(direction: Direction): number {
    const plan = this.link.cutPlan;
    if (plan === undefined || this.link.planCuts >= (plan.times ?? Number.POSITIVE_INFINITY))
      return Number.POSITIVE_INFINITY;
    const counted = plan.direction ?? "both";
    if (counted !== "both" && counted !== direction) return Number.POSITIVE_INFINITY;
    return Math.max(0, plan.afterBytes - this.countedBytes(counted));
  }

  private countedBytes(counted: Direction | "both"): number {
    if (counted === "up") return this.up.deliveredBytes;
    if (counted === "down") return this.down.deliveredBytes;
    return this.up.deliveredBytes + this.down.deliveredBytes;
  }

  delivered(direction: Direction): void {
    const plan = this.link.cutPlan;
    if (plan === undefined || this.allowance(direction) > 0) return;
    this.link.planCuts++;
    this.cut(plan.mode);
    this.link.onPlannedCut(plan);
  }

  cut(mode: CutMode): void {
    if (!this.isAlive) return;
    this.finish(mode);
    if (mode === "silence") return;
    for (const socket of [this.client, this.target]) {
      if (mode === "rst") socket.resetAndDestroy();
      else {
        socket.end();
        socket.resume();
      }
    }
  }

  /** An end reset its side: the reset has travelled, and reaches the other. */
  resetByEnd(): void {
    if (!this.isAlive) return;
    this.finish("closed");
    this.client.resetAndDestroy();
    this.target.resetAndDestroy();
  }

  private finish(how: CutMode | "closed"): void {
    if (this.ended !== undefined) return;
    this.ended = how;
    this.up.kill();
    this.down.kill();
  }

  destroy(): void {
    this.finish("closed");
    this.client.destroy();
    this.target.destroy();
  }

  counters(): ConnectionCounters {
    return {
      id: this.id,
      upBytes: this.up.deliveredBytes,
      downBytes: this.down.deliveredBytes,
      upOfferedBytes: this.up.offeredBytes,
      downOfferedBytes: this.down.offeredBytes,
      ended: this.ended,
    };
  }
}

/** Starts a link. Close it, or the process does not end. */
export async function startLink(options: LinkOptions): Promise<Link> {
  const random = createRandom(options.seed ?? 1);
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
  const socket = new Socket({ allowHalfOpen: true }).on("error", () => {});
  const connect = () => {
    if (!socket.destroyed) socket.connect({ ...options, noDelay: true });
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
