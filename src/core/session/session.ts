/**
 * The sync session: one authenticated connection, from HELLO to BYE. This file
 * is the surface and the dispatch; the parts are beside it: hello, vectors,
 * offer (what to send), send (how), accept, acks, fork, finish (all decisions
 * about the end), timers, budget. Normative text: docs/protocol.md.
 *
 * It does no I/O and never throws on peer input. The shape follows sans-I/O
 * designs (quinn-proto `poll_transmit`, etcd raft `Ready`).
 */
import { decodeFrame } from "../codec/decode-frame.ts";
import type { CodecMemory } from "../codec/codec-memory.ts";
import { codecRaw, codecsAll } from "../codec/codecs.ts";
import { encodeFrame } from "../codec/encode-frame.ts";
import {
  type ErrorFrame,
  type Frame,
  type FrameProblem,
  protocolVersion,
  protocolVersionOldest,
  type VectorFrame,
} from "../codec/frame-types.ts";
import { assertNever, isZCode, ZamError } from "../errors/zam-error.ts";
import { catalogue } from "../errors/catalogue.ts";
import type { Log } from "../log/api.ts";
import type { CompressorPort, CryptoPort } from "../ports.ts";
import { takeFloor, takeFragment, takeLost, takeRange, takeStream } from "./accept.ts";
import { takeAckFrame, takeAcks, takeRefused } from "./acks.ts";
import type {
  Session,
  SessionEffect,
  SessionEvent,
  SessionOptions,
  SessionSummary,
} from "./api.ts";
import type { CodingMeter } from "./coding-meter.ts";
import { takeBatch, takeHistory } from "./batch-receive.ts";
import { decide, onEof, peerStateOf, summaryOf } from "./finish.ts";
import { answerQuery, takeChains } from "./fork.ts";
import { takeOwnHealth } from "./health.ts";
import { takeQuarantine, takeQuarantineDue, tellQuarantine } from "./quarantine-notice.ts";
import { start, takeHello } from "./hello.ts";
import { inputBytesMax, pendingStoreBytesMax } from "./limits.ts";
import { planAgainstLine, planAgainstVector, planAll, planNews } from "./offer.ts";
import type { PeerState } from "./peer-state.ts";
import { mayName } from "./policy.ts";
import { takeNoWindow, takePrimeFrame } from "./prime.ts";
import { writeAim, takeData } from "./send.ts";
import { SessionState } from "./state.ts";
import { streamKey } from "./tracked-streams.ts";
import { nextDeadlineMs, probe, tick } from "./timers.ts";
import { sendVector, takeOwnVector, takeVectorFrame } from "./vectors.ts";

export interface SessionInput {
  readonly options: SessionOptions;
  readonly log: Log;
  readonly crypto: CryptoPort;
  readonly compressor: CompressorPort;
  /** Shared by all sessions of the process; without it there is no bound. */
  readonly memory?: CodecMemory;
  /** Shared by all sessions of the process; without it mixing counts as fast as a small computer's. */
  readonly coding?: CodingMeter;
  readonly nowMs: number;
}

export function createSession(input: SessionInput): Session {
  return new SyncSession(input);
}

class SyncSession implements Session {
  private readonly s: SessionState;

  constructor(input: SessionInput) {
    this.s = new SessionState(input);
  }

  handle(event: SessionEvent, nowMs: number): void {
    const { s } = this;
    s.setNow(nowMs);
    if (s.phase === "closed") {
      // What the disk still owed when the connection broke is durable, and was received.
      if (event.kind === "storeOutcome" || event.kind === "storeDurable") this.take(event);
      return;
    }
    this.take(event);
    this.readFrames();
    compareOnce(s);
    if (s.isPlanStale) planAll(s);
    decide(s);
  }

  private take(event: SessionEvent): void {
    const { s } = this;
    switch (event.kind) {
      case "start":
        return start(s);
      case "bytes":
        return this.takeBytes(event.bytes);
      case "eof":
        return onEof(s, event.error);
      case "storeOutcome":
        return s.onOutcome(event.token, event.outcome);
      case "storeDurable":
        return s.onDurable(event.token, event.error);
      case "peerStateSaved":
        return s.onSaved(event.token, event.error);
      case "logChanged":
        if (s.isPlanned && s.hasVector && !s.isEnding) planNews(s);
        if (!s.isEnding) tellQuarantine(s);
        return;
      case "health":
        return takeOwnHealth(s, event.health);
      case "wire":
        s.wireBytes = event.sentBytes + event.receivedBytes;
        s.bytesSinceWire = 0;
        return;
      case "finish":
        s.finishing ??= { error: event.error, sinceMs: s.nowMs };
        return;
      case "fence":
        s.send({ type: "bye", reason: "fenced", heldOrdinal: 0 });
        return s.end("fenced", new ZamError("Z520", { peer: s.options.peer.nodeId }));
      case "probe":
        return probe(s);
      case "tick":
        return tick(s);
      default:
        assertNever(event);
    }
  }

  private takeBytes(bytes: Uint8Array): void {
    const { s } = this;
    if (s.isEnding || bytes.length === 0) return;
    s.frameBytes += bytes.length;
    s.receivedBytes += bytes.length;
    s.lastHeardMs = s.nowMs;
    s.pingOutMs = undefined;
    s.input.append(bytes);
    if (s.input.bufferedBytes > inputBytesMax + bytes.length)
      s.fail(new ZamError("Z504", { limit: "bytes in flight without an answer" }));
  }

  /** Reads on until the log has enough to do; goes on when it has answered. */
  private readFrames(): void {
    const { s } = this;
    while (!s.isEnding && s.phase !== "new" && s.pendingStoreBytes < pendingStoreBytesMax) {
      const cut = s.input.next();
      if (cut.kind === "incomplete") return;
      if (cut.kind === "problem") {
        s.fail(new ZamError("Z501", { problem: cut.problem }));
        return;
      }
      const frame = decodeFrame(cut.bytes, s.inEnds);
      if (!s.chatter.count(s.nowMs))
        s.fail(new ZamError("Z504", { limit: "frames that move no event" }));
      else if (frame.type === "problem") failOn(s, frame);
      else takeFrame(s, frame);
      compareOnce(s);
    }
  }

  pollEffect(): SessionEffect | undefined {
    const { s } = this;
    const effect = s.takeEffect();
    if (effect !== undefined) return effect;
    const isDrained = s.control.length === 0 && s.savePending === 0;
    if (!s.closeWanted || s.closeSent || !isDrained) return undefined;
    s.closeSent = true;
    s.phase = "closed";
    return s.error === undefined ? { kind: "close" } : { kind: "close", error: s.error };
  }

  pollTransmit(nowMs: number): Uint8Array | undefined {
    const { s } = this;
    s.setNow(nowMs);
    if (s.phase === "closed" || s.phase === "new" || isHeldBack(s)) return undefined;
    const parts: Uint8Array[] = [];
    let size = 0;
    const isAlone = s.phase === "hello" && s.flight.isGreetingAlone;
    const bytesAim = isAlone ? 0 : writeAim(s);
    for (let last = 0; size === 0 || size + last <= bytesAim; ) {
      const part = this.nextPart();
      if (part === undefined) break;
      parts.push(part);
      last = part.length;
      size += last;
      s.bytesSinceWire += part.length;
      s.frameBytes += part.length;
    }
    if (parts.length === 0) return undefined;
    s.helloWriteBytes ||= size;
    s.pacer.spend(size, nowMs);
    return parts.length === 1 ? parts[0] : join(parts, size);
  }

  private nextPart(): Uint8Array | undefined {
    const { s } = this;
    // An ACK leaves before the BYE or DONE that was queued after it became due.
    const isAnswering = !s.isEnding || s.byeSent;
    const notice = isAnswering ? takeQuarantineDue(s) : undefined;
    if (notice !== undefined) return encodeFrame(notice, s.outEnds);
    const acks = isAnswering ? takeAcks(s) : undefined;
    if (acks !== undefined) {
      const bytes = encodeFrame(acks, s.outEnds);
      decide(s);
      return bytes;
    }
    const control = s.control.shift();
    if (control !== undefined) {
      // The first frame is HELLO: an ACK of what came before it must not overtake it.
      s.helloSent = true;
      decide(s);
      return control;
    }
    const data = takeData(s);
    if (data !== undefined || s.isBudgetSpent) decide(s);
    return data ?? s.control.shift();
  }

  nextDeadlineMs(): number | undefined {
    return nextDeadlineMs(this.s);
  }

  summary(): SessionSummary {
    return summaryOf(this.s);
  }

  peerState(): PeerState | undefined {
    return peerStateOf(this.s, false);
  }
}

/** HELLO waits for the save that speculative rows wait for anyway: then they share its TLS record. */
function isHeldBack(s: SessionState): boolean {
  return s.phase === "hello" && s.isSpeculating && s.isSavingUnclean;
}

function join(parts: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The peer's vector has just become whole: compare and plan, once. */
function compareOnce(s: SessionState): void {
  if (!s.hasVector || s.isCompared || s.isEnding) return;
  s.isCompared = true;
  s.isSpeculating = false;
  planAgainstVector(s);
  s.noteProgress();
}

function failOn(s: SessionState, problem: FrameProblem): void {
  if (problem.kind === "version") {
    const supported =
      protocolVersion === protocolVersionOldest
        ? `${protocolVersion}`
        : `${protocolVersionOldest} to ${protocolVersion}`;
    s.fail(new ZamError("Z502", { found: problem.problem, supported }));
  } else if (problem.kind === "limit") s.fail(new ZamError("Z504", { limit: problem.problem }));
  else s.fail(new ZamError("Z501", { problem: problem.problem }));
}

/** The peer closed with a reason. Some of its troubles pass by themselves. */
function takeError(s: SessionState, frame: ErrorFrame): void {
  const code = `Z${frame.code}`;
  const { nodeId } = s.options.peer;
  const text = printable(frame.text);
  if (isZCode(code) && catalogue[code].retryable) {
    s.end("error", new ZamError("Z513", { peer: nodeId, reason: `${code} ${text}` }));
    return;
  }
  const isIdentity = frame.code >= 300 && frame.code < 400;
  const refusal = isIdentity ? "Z327" : "Z514";
  s.end("error", new ZamError(refusal, { peer: nodeId, code, text }));
}

/** A peer's text goes to terminals and logs: no control characters. */
function printable(text: string): string {
  let out = "";
  for (const character of text) out += character >= " " && character !== "\u007f" ? character : " ";
  return out;
}

function takeFrame(s: SessionState, frame: Frame): void {
  if (frame.type === "error") return takeError(s, frame);
  if (frame.type === "hello") return takeHello(s, frame);
  if (s.peerHello === undefined) {
    s.fail(new ZamError("Z506", { problem: `${frame.type} before HELLO` }));
    return;
  }
  switch (frame.type) {
    case "ping":
      return s.send({ type: "pong", nonce: frame.nonce });
    case "pong":
      return takePong(s);
    case "bye":
      s.byeReceived = frame.reason;
      return;
    default:
      if (s.isPing)
        s.fail(new ZamError("Z506", { problem: `${frame.type} in a session that only measures` }));
      else takeSyncFrame(s, frame);
  }
}

type SyncFrame = Exclude<Frame, { readonly type: "error" | "hello" | "ping" | "pong" | "bye" }>;

function takeSyncFrame(s: SessionState, frame: SyncFrame): void {
  switch (frame.type) {
    case "vector":
      return frame.purpose === "update" ? takeUpdate(s, frame) : takeVectorFrame(s, frame);
    case "needVector":
      return sendWholeVector(s);
    case "stream":
      return takeStream(s, frame.id);
    case "range":
      s.peerDone = "no";
      return s.isDeaf ? undefined : takeRange(s, frame);
    case "batch":
      s.peerDone = "no";
      return s.isDeaf ? undefined : takeBatch(s, frame);
    case "history":
      return takeHistory(s, frame);
    case "codecs":
      s.peerCodecs = (frame.codecs & codecsAll) | (1 << codecRaw);
      return;
    case "health":
      s.peerHealth = frame.health;
      return;
    case "quarantine":
      return takeQuarantine(s, frame);
    case "fragment":
      s.peerDone = "no";
      return s.isDeaf ? undefined : takeFragment(s, frame);
    case "ack":
      return takeAckFrame(s, frame);
    case "refused":
      return takeRefused(s, frame);
    case "chainsQuery":
      return answerQuery(s, frame);
    case "chains":
      return takeChains(s, frame);
    case "lost":
      s.peerDone = "no";
      return takeLost(s, frame);
    case "floor":
      s.peerDone = "no";
      return takeFloor(s, frame);
    case "prime":
      return takePrimeFrame(s, frame);
    case "noWindow":
      return takeNoWindow(s);
    case "done":
      if (!s.isDeaf) s.peerDone = frame.isPartial ? "partial" : "full";
      s.noteProgress();
      return;
    default:
      assertNever(frame);
  }
}

function takePong(s: SessionState): void {
  if (s.pingSentMs === undefined) return;
  s.pingMs.push(s.nowMs - s.pingSentMs);
  s.pingSentMs = undefined;
  s.noteProgress();
}

/** Lines of the peer's vector changed in mid-session: an origin has settled a fork. */
function takeUpdate(s: SessionState, frame: VectorFrame): void {
  if (!s.hasVector) {
    s.fail(new ZamError("Z506", { problem: "a vector's update before the vector" }));
    return;
  }
  for (const entry of frame.entries) {
    if (!mayName(s.scope, entry.id)) continue;
    const key = streamKey(entry.id);
    s.theirs.set(key, entry);
    s.advancedKeys.add(key);
    s.waiting.delete(key);
    planAgainstLine(s, entry);
  }
  s.noteProgress();
}

/** The peer does not hold the state that our lines were relative to. */
function sendWholeVector(s: SessionState): void {
  if (s.hasSentWhole) {
    s.fail(new ZamError("Z506", { problem: "the whole vector was asked for twice" }));
    return;
  }
  s.hasSentWhole = true;
  const own = takeOwnVector(s, undefined);
  sendVector(s, "full", { entries: own.entries, mark: own.mark });
}
