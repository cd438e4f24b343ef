/**
 * Two sessions over two logs, joined by a link on a fake clock: the whole
 * protocol in one process, deterministic, for tests and simulators. The link
 * may have latency with jitter and a rate, split bytes anywhere, and die at any
 * byte of either direction, by reset or by silence; those are the faults it makes,
 * and it makes no others (TLS sees to the rest).
 */
import type { CodecMemory } from "../core/codec/codec-memory.ts";
import { decodeFrame } from "../core/codec/decode-frame.ts";
import { FrameReader } from "../core/codec/frame-reader.ts";
import type { Frame, FrameProblem } from "../core/codec/frame-types.ts";
import type { ZamError } from "../core/errors/zam-error.ts";
import type { Log } from "../core/log/api.ts";
import type { CompressorPort, CryptoPort } from "../core/ports.ts";
import type {
  Session,
  SessionEffect,
  SessionOptions,
  SessionSummary,
  StoreOperation,
} from "../core/session/api.ts";
import type { CodingMeter } from "../core/session/coding-meter.ts";
import type { PeerState } from "../core/session/peer-state.ts";
import { createSession } from "../core/session/session.ts";
import type { SeededRandom } from "./seeded-random.ts";

export interface PairSide {
  readonly log: Log;
  readonly options: Omit<SessionOptions, "isInitiator" | "peerState">;
  readonly peerState?: PeerState | undefined;
  /** This side's wall clock minus the pair's. */
  readonly clockOffsetMs?: number;
}

export interface PairInput {
  /** Opens the connection. */
  readonly initiator: PairSide;
  readonly responder: PairSide;
  readonly crypto: CryptoPort;
  readonly compressor: CompressorPort;
  /** Shared by both ends. */
  readonly memory?: CodecMemory;
  /** What mixing takes at an end; undefined: nobody measures. */
  readonly coding?: { readonly [end in "initiator" | "responder"]?: CodingMeter };
  readonly startMs?: number;
  readonly latencyMs?: number;
  /** What is sent together takes up to `ms` more or less than the latency; arrivals stay in order. */
  readonly jitter?: { readonly ms: number; readonly random: SeededRandom };
  /** Bytes a second in each direction; undefined: no limit. */
  readonly rateBytesPerS?: number;
  /** What the sender's system takes before the link has: sockets' and modems' buffers. Default 4 KiB. */
  readonly queueBytesMax?: number;
  /** The link dies when this many bytes have passed, in both directions together. */
  readonly cutAtBytes?: number;
  readonly cutBySilence?: boolean;
  /** Splits what is delivered at random places. */
  readonly random?: SeededRandom;
  /** Lets the logs finish what they wait for (a fake disk's syncs); returns whether anything happened. */
  readonly settle?: () => boolean;
  /** Looks at, or replaces, what a side is about to be given. */
  readonly tamper?: (bytes: Uint8Array, to: "initiator" | "responder") => Uint8Array;
  /** Called after each step; for pushes in mid-session. */
  readonly onStep?: (pair: SessionPair) => void;
}

export interface PairTrace {
  readonly from: "initiator" | "responder";
  readonly atMs: number;
  readonly frame: Frame | FrameProblem;
}

const stepsMax = 200_000;
const queueBytesMaxDefault = 4 * 1024;
const roundsMax = 64;

interface Delivery {
  readonly atMs: number;
  readonly bytes: Uint8Array;
}

class End {
  readonly name: "initiator" | "responder";
  readonly side: PairSide;
  readonly session: Session;
  readonly reports: ZamError[] = [];
  readonly stored: StoreOperation[] = [];
  readonly inbox: Delivery[] = [];
  readonly received: Uint8Array[] = [];
  readonly reader = new FrameReader();
  savedState: PeerState | undefined;
  saves = 0;
  isClosed = false;
  hasSeenEof = false;
  sentBytes = 0;
  receivedBytes = 0;
  linkFreeMs = 0;
  /** When the latest of what it has sent arrives. */
  lastArrivalMs = 0;
  establishedMs: number | undefined;

  constructor(name: "initiator" | "responder", input: PairInput, nowMs: number) {
    this.name = name;
    this.side = input[name];
    this.savedState = this.side.peerState;
    this.session = createSession({
      options: {
        ...this.side.options,
        isInitiator: name === "initiator",
        peerState: this.side.peerState,
      },
      log: this.side.log,
      crypto: input.crypto,
      compressor: input.compressor,
      ...(input.memory === undefined ? {} : { memory: input.memory }),
      ...(input.coding?.[name] === undefined ? {} : { coding: input.coding[name] }),
      nowMs,
    });
  }

  get offsetMs(): number {
    return this.side.clockOffsetMs ?? 0;
  }
}

export class SessionPair {
  readonly initiator: End;
  readonly responder: End;
  readonly traces: PairTrace[] = [];
  nowMs: number;
  private readonly input: PairInput;
  private passedBytes = 0;
  private isCut = false;
  private readonly later: (() => void)[] = [];

  constructor(input: PairInput) {
    this.input = input;
    this.nowMs = input.startMs ?? 1_760_000_000_000;
    this.initiator = new End("initiator", input, this.nowMs);
    this.responder = new End("responder", input, this.nowMs);
  }

  /** Runs until both sides are closed, or nothing can happen any more. */
  run(untilMs = Number.POSITIVE_INFINITY): this {
    this.feed(this.responder, { kind: "start" });
    this.feed(this.initiator, { kind: "start" });
    return this.continue(untilMs);
  }

  continue(untilMs = Number.POSITIVE_INFINITY): this {
    for (let step = 0; step < stepsMax; step++) {
      const hasMoved =
        this.pump(this.initiator) || this.pump(this.responder) || this.runLater() || this.deliver();
      this.input.onStep?.(this);
      if (hasMoved) continue;
      if (this.initiator.isClosed && this.responder.isClosed) return this;
      const nextMs = this.nextEventMs();
      if (nextMs === undefined || nextMs > untilMs) {
        if (nextMs !== undefined) this.nowMs = Math.max(this.nowMs, untilMs);
        return this;
      }
      this.nowMs = Math.max(this.nowMs, nextMs);
      for (const end of [this.initiator, this.responder]) {
        const deadlineMs = end.session.nextDeadlineMs();
        if (!end.isClosed && deadlineMs !== undefined && deadlineMs - end.offsetMs <= this.nowMs)
          this.feed(end, { kind: "tick" });
      }
    }
    throw new Error(`no end after ${stepsMax} steps: ${this.describe()}`);
  }

  summaries(): { readonly initiator: SessionSummary; readonly responder: SessionSummary } {
    return {
      initiator: this.initiator.session.summary(),
      responder: this.responder.session.summary(),
    };
  }

  /** New events of this side's log became durable. */
  logChanged(end: End): void {
    this.feed(end, { kind: "logChanged" });
  }

  feed(end: End, event: Parameters<Session["handle"]>[0]): void {
    end.session.handle(event, this.nowMs + end.offsetMs);
  }

  describe(): string {
    return this.traces
      .map((trace) => `${trace.from === "initiator" ? ">" : "<"} ${trace.frame.type}`)
      .join("\n");
  }

  private pump(end: End): boolean {
    let hasMoved = false;
    for (let round = 0; round < roundsMax; round++) {
      let isBusy = false;
      for (
        let effect = end.session.pollEffect();
        effect !== undefined;
        effect = end.session.pollEffect()
      ) {
        this.carryOut(end, effect);
        isBusy = true;
      }
      if (!end.isClosed && this.queuedBytes(end) < this.queueBytesMax) {
        const bytes = end.session.pollTransmit(this.nowMs + end.offsetMs);
        if (bytes !== undefined) {
          this.transmit(end, bytes);
          isBusy = true;
        }
      }
      if (!isBusy) break;
      hasMoved = true;
    }
    return hasMoved;
  }

  private get queueBytesMax(): number {
    return this.input.queueBytesMax ?? queueBytesMaxDefault;
  }

  private queuedBytes(end: End): number {
    const rate = this.input.rateBytesPerS;
    return rate === undefined ? 0 : Math.max(0, ((end.linkFreeMs - this.nowMs) * rate) / 1000);
  }

  private carryOut(end: End, effect: SessionEffect): void {
    switch (effect.kind) {
      case "store":
        this.store(end, effect.token, effect.operation);
        return;
      case "savePeerState":
        this.later.push(() => {
          end.savedState = effect.state;
          end.saves++;
          this.feed(end, { kind: "peerStateSaved", token: effect.token });
        });
        return;
      case "report":
        end.reports.push(effect.error);
        return;
      case "established":
        end.establishedMs = this.nowMs;
        return;
      case "progress":
      case "rest":
        return;
      case "close":
        end.isClosed = true;
        this.sendEof(end);
    }
  }

  private store(end: End, token: number, operation: StoreOperation): void {
    const { log } = end.side;
    end.stored.push(operation);
    const durable = (error?: ZamError): void => {
      this.later.push(() =>
        this.feed(
          end,
          error === undefined
            ? { kind: "storeDurable", token }
            : { kind: "storeDurable", token, error },
        ),
      );
    };
    if (operation.kind === "mark") {
      log.mark(operation.mark, this.nowMs + end.offsetMs, durable);
      this.feed(end, { kind: "storeOutcome", token, outcome: { kind: "stored" } });
      return;
    }
    const outcome =
      operation.kind === "range"
        ? log.receive(operation.range, durable)
        : log.receiveFragment(operation.fragment, durable);
    this.feed(end, { kind: "storeOutcome", token, outcome });
  }

  private transmit(end: End, bytes: Uint8Array): void {
    end.sentBytes += bytes.length;
    const reader = end.reader;
    reader.append(bytes);
    const other = end === this.initiator ? this.responder : this.initiator;
    const ends = { sender: end.side.options.self.nodeId, receiver: other.side.options.self.nodeId };
    for (let cut = reader.next(); cut.kind === "frame"; cut = reader.next())
      this.traces.push({
        from: end.name,
        atMs: this.nowMs,
        frame: decodeFrame(cut.bytes.slice(), ends),
      });
    const rate = this.input.rateBytesPerS;
    end.linkFreeMs =
      Math.max(this.nowMs, end.linkFreeMs) +
      (rate === undefined ? 0 : (bytes.length / rate) * 1000);
    end.lastArrivalMs = Math.max(end.lastArrivalMs, end.linkFreeMs + this.drawLatencyMs());
    other.inbox.push({ atMs: end.lastArrivalMs, bytes });
  }

  private drawLatencyMs(): number {
    const { latencyMs = 0, jitter } = this.input;
    return jitter === undefined
      ? latencyMs
      : Math.max(0, latencyMs + jitter.random.between(-jitter.ms, jitter.ms));
  }

  private deliver(): boolean {
    for (const end of [this.initiator, this.responder]) {
      const next = end.inbox[0];
      if (next === undefined || next.atMs > this.nowMs || end.hasSeenEof) continue;
      end.inbox.shift();
      if (!this.isCut) this.hand(end, next.bytes);
      return true;
    }
    return false;
  }

  private hand(end: End, whole: Uint8Array): void {
    const { cutAtBytes, random, tamper } = this.input;
    const rest =
      cutAtBytes === undefined ? whole.length : Math.max(0, cutAtBytes - this.passedBytes);
    this.passedBytes += whole.length;
    let bytes = whole.subarray(0, Math.min(whole.length, rest));
    if (tamper !== undefined) bytes = tamper(bytes, end.name);
    end.received.push(bytes);
    end.receivedBytes += bytes.length;
    while (bytes.length > 0 && !end.isClosed) {
      const count = random === undefined ? bytes.length : random.between(1, bytes.length);
      this.feed(end, { kind: "bytes", bytes: bytes.slice(0, count) });
      bytes = bytes.subarray(count);
    }
    if (cutAtBytes !== undefined && this.passedBytes >= cutAtBytes) this.cut();
  }

  /** The link dies now. */
  cut(): void {
    if (this.isCut) return;
    this.isCut = true;
    if (this.input.cutBySilence === true) return;
    for (const end of [this.initiator, this.responder]) this.eof(end);
  }

  private sendEof(end: End): void {
    const other = end === this.initiator ? this.responder : this.initiator;
    if (this.isCut) return;
    const atMs = Math.max(
      end.lastArrivalMs,
      Math.max(end.linkFreeMs, this.nowMs) + this.drawLatencyMs(),
    );
    this.eofs.push({ end: other, atMs });
  }

  private readonly eofs: { readonly end: End; readonly atMs: number }[] = [];

  private eof(end: End): void {
    if (end.hasSeenEof) return;
    end.hasSeenEof = true;
    this.feed(end, { kind: "eof" });
  }

  private runLater(): boolean {
    const hasSettled = this.input.settle?.() ?? false;
    const tasks = this.later.splice(0);
    for (const task of tasks) task();
    const due = this.eofs.findIndex(
      (one) => one.atMs <= this.nowMs && !one.end.inbox.some((d) => d.atMs <= one.atMs),
    );
    const eof = due < 0 ? undefined : this.eofs.splice(due, 1)[0];
    if (eof !== undefined) this.eof(eof.end);
    return hasSettled || tasks.length > 0 || eof !== undefined;
  }

  private nextEventMs(): number | undefined {
    const times: number[] = [];
    const rate = this.input.rateBytesPerS;
    for (const end of [this.initiator, this.responder]) {
      if (end.isClosed) continue;
      const next = end.inbox[0];
      if (next !== undefined && !end.hasSeenEof) times.push(next.atMs);
      const deadlineMs = end.session.nextDeadlineMs();
      if (deadlineMs !== undefined) times.push(Math.max(deadlineMs - end.offsetMs, this.nowMs));
      if (rate !== undefined && this.queuedBytes(end) >= this.queueBytesMax)
        times.push(end.linkFreeMs - ((this.queueBytesMax - 1) / rate) * 1000);
    }
    for (const one of this.eofs) times.push(one.atMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }
}
