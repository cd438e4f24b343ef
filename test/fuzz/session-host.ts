/** The host of one session whose peer is made by hand: with a disk that answers at once, later, or with an error. */
import assert from "node:assert/strict";
import { encodeFrame } from "../../src/core/codec/encode-frame.ts";
import type { Frame } from "../../src/core/codec/frame-types.ts";
import { ZamError } from "../../src/core/errors/zam-error.ts";
import type { Policy, Session, SessionEffect, SessionEvent } from "../../src/core/session/api.ts";
import { createSession } from "../../src/core/session/session.ts";
import {
  digestOf,
  fingerprintOf,
  pushMany,
  settle,
  startMs,
  type TestNode,
} from "../../src/core/session/session.test-kit.ts";
import { nodeCompressor } from "../../src/storage/node-compressor.ts";
import { nodeCrypto } from "../../src/storage/node-crypto.ts";

export interface HostOptions {
  readonly isInitiator: boolean;
  readonly policy: Policy;
  readonly keepOpen: boolean;
  /** With what an earlier session left. */
  readonly knowsPeer: boolean;
  readonly bytesMax: number | undefined;
}

export type Disk = "prompt" | "slow" | "failing";

const effectsMax = 5000;
const ticksMax = 200;

/** Both ends of one connection; what one sends waits until somebody takes it over. */
export function hostPair(
  caller: TestNode,
  called: TestNode,
  options: Omit<HostOptions, "isInitiator">,
): readonly [HostedSession, HostedSession] {
  return [
    new HostedSession(caller, called, { ...options, isInitiator: true }),
    new HostedSession(called, caller, { ...options, isInitiator: false }),
  ];
}

export class HostedSession {
  readonly session: Session;
  isClosed = false;
  outBytes = 0;
  private nowMs = startMs;
  private diskMode: Disk = "prompt";
  readonly self: TestNode;
  /** Short hashes of the payloads that were written meanwhile. */
  readonly written: string[] = [];
  private readonly peer: TestNode;
  private outgoing: Uint8Array[] = [];
  /** What the disk still owes. */
  private readonly owed: (() => void)[] = [];
  private effects = 0;

  constructor(self: TestNode, peer: TestNode, options: HostOptions) {
    this.self = self;
    this.peer = peer;
    const { isInitiator, policy, keepOpen, knowsPeer, bytesMax } = options;
    this.session = createSession({
      options: {
        isInitiator,
        self: { nodeId: self.id, role: self.role },
        peer: { nodeId: peer.id, role: peer.role, keyFingerprint: fingerprintOf(peer.id) },
        policy,
        peerState: knowsPeer ? self.states.get(peer.id) : undefined,
        keepOpen,
        ...(bytesMax === undefined ? {} : { bytesMax }),
      },
      log: self.log,
      crypto: nodeCrypto,
      compressor: nodeCompressor,
      nowMs: this.nowMs,
    });
    this.handle({ kind: "start" });
  }

  send(frame: Frame): void {
    this.sendBytes(encodeFrame(frame, { sender: this.peer.id, receiver: this.self.id }));
  }

  sendBytes(bytes: Uint8Array): void {
    this.handle({ kind: "bytes", bytes: bytes.slice() });
  }

  handle(event: SessionEvent): void {
    if (this.isClosed) return;
    this.session.handle(event, this.nowMs);
    this.drain();
  }

  /** Up to so many bytes of what has left and did not arrive yet. */
  takeOutgoing(bytesMax: number): Uint8Array {
    const all = Uint8Array.from(this.outgoing.flatMap((bytes) => [...bytes]));
    const taken = all.slice(0, bytesMax);
    this.outgoing = [all.subarray(taken.length)];
    return taken;
  }

  write(lane: string, count: number): void {
    const before = new Set(digestOf(this.self));
    pushMany(this.self, count, { lane });
    for (const line of digestOf(this.self))
      if (!before.has(line)) this.written.push(line.slice(line.lastIndexOf(" ") + 1));
  }

  wait(ms: number): void {
    this.nowMs += ms;
    this.handle({ kind: "tick" });
  }

  setDisk(mode: Disk): void {
    this.diskMode = mode;
  }

  /** The disk answers what it owes. */
  disk(): void {
    settle(this.self);
    for (const answer of this.owed.splice(0)) answer();
    this.drain();
  }

  /** The connection is gone, the disk gets done, and time passes. */
  end(): void {
    this.diskMode = "prompt";
    this.disk();
    this.handle({ kind: "eof" });
    for (let tick = 0; tick < ticksMax && !this.isClosed; tick++) {
      this.disk();
      const deadlineMs = this.session.nextDeadlineMs();
      if (deadlineMs === undefined) break;
      this.wait(Math.max(1, deadlineMs - this.nowMs));
    }
    settle(this.self);
  }

  private drain(): void {
    for (let isBusy = true; isBusy; ) {
      isBusy = false;
      for (
        let effect = this.session.pollEffect();
        effect !== undefined;
        effect = this.session.pollEffect()
      ) {
        this.carryOut(effect);
        isBusy = true;
      }
      const bytes = this.isClosed ? undefined : this.session.pollTransmit(this.nowMs);
      if (bytes !== undefined) {
        this.outBytes += bytes.length;
        this.outgoing.push(bytes);
        isBusy = true;
      }
      if (this.diskMode === "prompt" && settle(this.self)) isBusy = true;
      assert.ok(++this.effects < effectsMax, "effects without end");
    }
  }

  private carryOut(effect: SessionEffect): void {
    if (effect.kind === "close") this.isClosed = true;
    if (effect.kind === "savePeerState") {
      const { token } = effect;
      this.answer((error) => ({ kind: "peerStateSaved", token, ...error }));
    }
    if (effect.kind !== "store") return;
    const { token, operation } = effect;
    const { log } = this.self;
    const durable = (failure?: ZamError): void =>
      this.answer((error) => ({
        kind: "storeDurable",
        token,
        ...(failure === undefined ? error : { error: failure }),
      }));
    if (operation.kind === "mark") {
      log.mark(operation.mark, this.nowMs, durable);
      this.session.handle({ kind: "storeOutcome", token, outcome: { kind: "stored" } }, this.nowMs);
      return;
    }
    const outcome =
      operation.kind === "range"
        ? log.receive(operation.range, durable)
        : log.receiveFragment(operation.fragment, durable);
    this.session.handle({ kind: "storeOutcome", token, outcome }, this.nowMs);
  }

  /** Now, or when the disk is asked. A failing one says so, though the log has it: the peer hears of no success. */
  private answer(event: (error: { readonly error?: ZamError }) => SessionEvent): void {
    const isFailing = this.diskMode === "failing";
    const error = isFailing ? { error: new ZamError("Z204", { operation: "write" }) } : {};
    const tell = (): void => this.session.handle(event(error), this.nowMs);
    if (this.diskMode === "prompt") tell();
    else this.owed.push(tell);
  }
}
