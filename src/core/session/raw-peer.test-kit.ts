/** A session with a hand-made peer at the other end: for frames that no honest session sends, and answers that come one by one. */
import { nodeCompressor } from "../../storage/node-compressor.ts";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { SentPlaces } from "../../testing/sent-places.ts";
import type { CodecMemory } from "../codec/codec-memory.ts";
import { decodeFrame } from "../codec/decode-frame.ts";
import { encodeFrame } from "../codec/encode-frame.ts";
import { FrameReader } from "../codec/frame-reader.ts";
import type { Frame, FrameProblem, HelloFrame } from "../codec/frame-types.ts";
import { encodeRows } from "../codec/rows.ts";
import { vectorDigest } from "../codec/vector-codec.ts";
import type { ZamError } from "../errors/zam-error.ts";
import type { EventContent, StreamId } from "../event.ts";
import type { ReceiveOutcome } from "../log/api.ts";
import { chainZero, nextChain } from "../log/chain.ts";
import type { VectorEntry } from "../vector/entry.ts";
import type { Session, SessionEffect, SessionOptions, StoreOperation } from "./api.ts";
import { createSession } from "./session.ts";
import { fingerprintOf, settle, startMs, type TestNode } from "./session.test-kit.ts";
import { streamKey } from "./tracked-streams.ts";

/** Of a peer that reads rows alone, and has nothing. */
export function rawHello(nodeId: string, overrides: Partial<HelloFrame> = {}): HelloFrame {
  return {
    type: "hello",
    version: 1,
    versionOldest: 1,
    nodeId,
    logId: new Uint8Array(16),
    wallMs: startMs,
    codecs: 3,
    keepsOpen: false,
    isPingOnly: false,
    offersAll: false,
    vector: { ordinal: 1, digest: vectorDigest(nodeCrypto, []) },
    entryCount: 0,
    ...overrides,
  };
}

export class RawPeer {
  readonly session: Session;
  readonly frames: (Frame | FrameProblem)[] = [];
  readonly reports: ZamError[] = [];
  /** What it was told of resting, in turn. */
  readonly rests: boolean[] = [];
  closedBy: ZamError | undefined;
  isClosed = false;
  nowMs = startMs;
  outBytes = 0;
  private answered = 0;
  private readonly hub: TestNode;
  private readonly peerId: string;
  private readonly reader = new FrameReader();

  constructor(
    hub: TestNode,
    peerId: string,
    overrides: Partial<SessionOptions> = {},
    memory?: CodecMemory,
  ) {
    this.hub = hub;
    this.peerId = peerId;
    this.session = createSession({
      options: {
        isInitiator: false,
        self: { nodeId: hub.id, role: hub.role },
        peer: { nodeId: peerId, role: "clinic", keyFingerprint: fingerprintOf(peerId) },
        policy: "own",
        peerState: undefined,
        keepOpen: false,
        ...overrides,
      },
      log: hub.log,
      crypto: nodeCrypto,
      compressor: nodeCompressor,
      ...(memory === undefined ? {} : { memory }),
      nowMs: startMs,
    });
    this.session.handle({ kind: "start" }, this.nowMs);
  }

  hello(overrides: Partial<HelloFrame> = {}): this {
    return this.send(rawHello(this.peerId, overrides));
  }

  /** HELLO with these lines as the peer's whole vector. */
  holding(entries: readonly VectorEntry[], overrides: Partial<HelloFrame> = {}): this {
    const vector = { ordinal: 1, digest: vectorDigest(nodeCrypto, entries) };
    this.hello({ vector, entryCount: entries.length, ...overrides });
    return entries.length === 0 || this.isClosed
      ? this
      : this.send({ type: "vector", purpose: "hello", remaining: 0, entries });
  }

  /** Tells it that the log has news. */
  news(): this {
    this.session.handle({ kind: "logChanged" }, this.nowMs);
    return this.drain();
  }

  /** Answers all events that came and were not answered, as durable. */
  ackAll(): this {
    const entries = this.frames.slice(this.answered).flatMap((frame) => {
      if (frame.type === "range")
        return [{ stream: frame.stream, seq: frame.from + frame.count - 1 }];
      if (frame.type === "lost") return [{ stream: frame.stream, seq: frame.to }];
      return frame.type === "floor" ? [{ stream: frame.stream, seq: frame.seq }] : [];
    });
    this.answered = this.frames.length;
    return entries.length === 0 ? this : this.send({ type: "ack", entries });
  }

  send(...frames: readonly Frame[]): this {
    for (const frame of frames)
      this.bytes(encodeFrame(frame, { sender: this.peerId, receiver: this.hub.id }));
    return this;
  }

  bytes(bytes: Uint8Array): this {
    this.session.handle({ kind: "bytes", bytes }, this.nowMs);
    return this.drain();
  }

  drain(): this {
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
        isBusy = true;
        this.outBytes += bytes.length;
        this.reader.append(bytes);
        for (let cut = this.reader.next(); cut.kind === "frame"; cut = this.reader.next())
          this.frames.push(
            decodeFrame(cut.bytes.slice(), { sender: this.hub.id, receiver: this.peerId }),
          );
      }
      if (settle(this.hub)) isBusy = true;
    }
    return this;
  }

  private carryOut(effect: SessionEffect): void {
    const { session, nowMs } = this;
    if (effect.kind === "report") this.reports.push(effect.error);
    if (effect.kind === "rest") this.rests.push(effect.isResting);
    if (effect.kind === "savePeerState")
      session.handle({ kind: "peerStateSaved", token: effect.token }, nowMs);
    if (effect.kind === "close") {
      this.isClosed = true;
      this.closedBy = effect.error;
    }
    if (effect.kind !== "store") return;
    const { token, operation } = effect;
    // As a host does: the outcome comes before word of durability, even of what is durable already.
    let isTold = false;
    const early: (() => void)[] = [];
    const durable = (error?: ZamError): void => {
      const tell = (): void =>
        session.handle(
          error === undefined
            ? { kind: "storeDurable", token }
            : { kind: "storeDurable", token, error },
          this.nowMs,
        );
      if (isTold) tell();
      else early.push(tell);
    };
    session.handle({ kind: "storeOutcome", token, outcome: this.apply(operation, durable) }, nowMs);
    isTold = true;
    for (const tell of early) tell();
  }

  private apply(operation: StoreOperation, durable: (error?: ZamError) => void): ReceiveOutcome {
    const { log } = this.hub;
    switch (operation.kind) {
      case "range":
        return log.receive(operation.range, durable);
      case "fragment":
        return log.receiveFragment(operation.fragment, durable);
      case "mark":
        log.mark(operation.mark, this.nowMs, durable);
        return { kind: "stored" };
    }
  }

  /** The streams of which something came, in the order in which they began. */
  streams(): readonly StreamId[] {
    const places = new SentPlaces();
    const found = new Map<string, StreamId>();
    for (const frame of this.frames) {
      if (frame.type === "problem") continue;
      places.take(frame);
      const id = places.streamOfData(frame);
      if (id !== undefined && !found.has(streamKey(id))) found.set(streamKey(id), id);
    }
    return [...found.values()];
  }

  framesOf<T extends Frame["type"]>(type: T): readonly Extract<Frame, { readonly type: T }>[] {
    return this.frames.filter(
      (frame): frame is Extract<Frame, { readonly type: T }> => frame.type === type,
    );
  }
}

/** A range as an author with this chain would send it, uncompressed. */
export function forgeRange(
  stream: StreamId,
  input: {
    readonly number: number;
    readonly from: number;
    readonly count: number;
    readonly atMs?: number;
    readonly before?: Uint8Array;
  },
): Frame {
  const events: EventContent[] = [];
  let chain = input.before ?? chainZero(nodeCrypto, stream);
  const chainBefore8 = chain.slice(0, 8);
  for (let i = 0; i < input.count; i++) {
    const event = {
      seq: input.from + i,
      hlc: { ms: (input.atMs ?? startMs) + i, counter: 0 },
      type: 1,
      known: Uint8Array.of(0),
      payload: Uint8Array.of(input.from % 256, i),
    };
    events.push(event);
    chain = nextChain(nodeCrypto, chain, event);
  }
  const block = encodeRows(events);
  return {
    type: "range",
    stream: input.number,
    from: input.from,
    count: input.count,
    chainBefore8,
    chainAfter8: chain.slice(0, 8),
    codec: 0,
    rawBytes: block.length,
    block,
  };
}
