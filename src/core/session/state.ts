/**
 * The mutable state of one session, and the few things that every part of it
 * does: queue a frame, an effect, a store operation; fail; end. What happens
 * when is decided in the other files of this folder, by functions over this.
 */
import type { CodecMemory } from "../codec/codec-memory.ts";
import { encodeFrame } from "../codec/encode-frame.ts";
import { FrameReader } from "../codec/frame-reader.ts";
import type {
  ByeReason,
  Ends,
  Frame,
  HelloFrame,
  QuarantineFrame,
  VectorMark,
} from "../codec/frame-types.ts";
import { errorTextBytesMax } from "../codec/wire-limits.ts";
import { codecsAll } from "../codec/codecs.ts";
import { sendWindowFor, Window } from "../codec/window.ts";
import { textToUtf8 } from "../bytes.ts";
import { catalogue, type ZCode } from "../errors/catalogue.ts";
import { type ErrorContext, ZamError } from "../errors/zam-error.ts";
import type { Log, Mark, ReceiveOutcome } from "../log/api.ts";
import type { CompressorPort, CryptoPort } from "../ports.ts";
import type { StreamIndex, VectorEntry } from "../vector/stream-table.ts";
import type {
  HealthBlock,
  SessionEffect,
  SessionOptions,
  SessionProgress,
  SessionSummary,
  StoreOperation,
} from "./api.ts";
import {
  ReceiveBatches,
  receiveOwner,
  restReceiving,
  restSending,
  SendBatches,
  sendOwner,
} from "./batch-state.ts";
import type { CodingMeter } from "./coding-meter.ts";
import { Chatter } from "./chatter.ts";
import { type HeldBack, nothingHeldBack } from "./quarantine-notice.ts";
import { FlightWindow } from "./flight-window.ts";
import { clockStepMs, controlFramesMax } from "./limits.ts";
import { Pacer } from "./pacer.ts";
import type { HeldVector, PeerState, SentVector } from "./peer-state.ts";
import type { PolicyScope } from "./policy.ts";
import {
  countWork,
  type ForkSearch,
  type Incoming,
  type Outgoing,
  type VectorInput,
} from "./tracked-streams.ts";

export type Phase = "new" | "hello" | "open" | "closing" | "closed";

interface PendingStore {
  readonly outcome?: (outcome: ReceiveOutcome) => void;
  readonly durable: (error?: ZamError) => void;
}

export class SessionState {
  readonly options: SessionOptions;
  readonly log: Log;
  readonly crypto: CryptoPort;
  readonly compressor: CompressorPort;
  scope: PolicyScope;
  readonly outEnds: Ends;
  readonly inEnds: Ends;

  nowMs: number;
  phase: Phase = "new";
  readonly input = new FrameReader();
  sendWindow: Window;
  receiveWindow = new Window();
  /** Our window: not thought of yet, filled with history, or not. */
  primed: "no" | "sent" | "none" = "no";
  /** The peer's PRIME was seen; and could not be followed: its rows are dropped until it starts afresh. */
  wasPrimed = false;
  isDeaf = false;
  private readonly effects: SessionEffect[] = [];
  private effectAt = 0;
  readonly control: Uint8Array[] = [];
  private nextToken = 1;
  private readonly stores = new Map<number, PendingStore>();
  private readonly saves = new Map<number, (error?: ZamError) => void>();

  // The peer
  peerHello: HelloFrame | undefined;
  /** HELLO has left, not merely been queued. */
  helloSent = false;
  /** Bytes that left in the same write. */
  helloWriteBytes = 0;
  vectorInput: VectorInput | undefined;
  /** True when the peer's vector is known whole. */
  hasVector = false;
  /** What the peer holds, line by line: its vector, moved on by its acknowledgements. */
  readonly theirs = new Map<string, VectorEntry>();
  readonly advancedKeys = new Set<string>();
  theirsHeld: readonly HeldVector[] = [];
  ours: readonly SentVector[] = [];
  oursHeld: VectorMark | undefined;
  sentMark: VectorMark | undefined;
  peerCodecs = 1;

  // Sending
  readonly outgoing = new Map<StreamIndex, Outgoing>();
  /** Those with work, and perhaps some without: so that 10,000 idle streams cost nothing a frame. */
  readonly active = new Set<Outgoing>();
  /** Those with a number; streams of our numbered lines get theirs when they are first needed. */
  readonly outgoingByNumber: (Outgoing | undefined)[] = [];
  /** The first lines of both vectors as HELLO announced them: their streams are numbered 0, 1, 2 … */
  linesTold: readonly VectorEntry[] = [];
  readonly linesHeard: VectorEntry[] = [];
  readonly offerable: StreamIndex[] = [];
  readonly plannedHeads: number[] = [];
  scannedStreams = 0;
  isPlanned = false;
  /** A fork was settled: what to send is worked out anew before anything more is sent. */
  isPlanStale = false;
  isSpeculating = false;
  /** This clinic has never heard of any hub: each leaves its time in the log, whatever becomes of the peers' states. */
  readonly isFirstContact: boolean;
  speculatedBytes = 0;
  /** Data may go only when durable peer state says "not clean". That nothing is stored says "clean" too. */
  cleanOnDisk: boolean;
  inFlightBytes = 0;
  itemsInFlight = 0;
  readonly flight: FlightWindow;
  readonly pacer = new Pacer();
  readonly sendBatches = new SendBatches();
  readonly receiveBatches = new ReceiveBatches();
  /** What all sessions of the process may take for codecs; undefined: no bound. */
  readonly memory: CodecMemory | undefined;
  /** What mixing takes here; undefined: nobody measures. */
  readonly coding: CodingMeter | undefined;
  readonly sendOwner = sendOwner(this);
  readonly receiveOwner = receiveOwner(this);
  /** Bytes on the wire for each byte of rows, as measured; starts from incompressible for safety on bad links. */
  ratio = 0.5;
  doneSent: "no" | "partial" | "full" = "no";
  peerDone: "no" | "partial" | "full" = "no";
  /** Streams of the peer's own that it asked about: it wants them back (give-back.ts). */
  readonly wantedBack = new Set<string>();
  readonly searches = new Map<string, ForkSearch>();
  /** Streams whose origin, the peer, has to settle a fork. */
  readonly waiting = new Set<string>();
  /** After NO_WINDOW: answers may come to what we have forgotten, and sent again. */
  hasForgotten = false;
  marksOpen = 0;
  readonly renewedEpochs = new Set<number>();
  readonly declaredLost = new Set<string>();
  /** How often chains disagreed, by stream: an origin that cannot settle it is left alone. */
  readonly disagreements = new Map<string, number>();
  queriesAnswered = 0;
  hasSentWhole = false;
  isCompared = false;
  isSavingUnclean = false;

  // Receiving
  readonly incoming: (Incoming | undefined)[] = [];
  readonly ackDue = new Set<Incoming>();
  pendingStoreBytes = 0;
  receivesOpen = 0;
  readonly boundEpochs = new Set<string>();
  readonly seenLanes = new Set<string>();
  readonly seenEpochs = new Set<number>();
  hasCountedPeer = false;
  refusedStreams = 0;
  hasReportedFuture = false;

  // Budget
  wireBytes = 0;
  bytesSinceWire = 0;
  frameBytes = 0;
  receivedBytes = 0;
  readonly chatter = new Chatter();
  /** What our HELLO allowed the peer to send. */
  allowedBytes = 0;
  sentDataBytes = 0;
  hasSentData = false;
  isBudgetSpent = false;

  // Progress and end
  eventsSent = 0;
  eventsInFlight = 0;
  eventsConfirmed = 0;
  eventsReceived = 0;
  private progressQueued = false;
  clockDifferenceMs: number | undefined;
  readonly pingMs: number[] = [];
  pingsSent = 0;
  pingSentMs: number | undefined;
  byeSent = false;
  byeReceived: ByeReason | undefined;
  endedBy: SessionSummary["endedBy"] | undefined;
  error: ZamError | undefined;
  isComplete = false;
  closeWanted = false;
  closeSent = false;
  finishing: { readonly error: ZamError | undefined; readonly sinceMs: number } | undefined;
  /** Everything was exchanged, and that was noted in the peer's state. */
  isSettled = false;
  completedMs = 0;
  /** Our own, as of now. */
  health: HealthBlock | undefined;
  healthSent: HealthBlock | undefined;
  peerHealth: HealthBlock | undefined;
  /** Of the log, when the author was told last; and what it was told. */
  quarantineVersion = -1;
  quarantineToldText = "";
  /** It was told that something is held back, in this session or before. */
  wasToldQuarantine: boolean;
  /** Told, and not sent yet. */
  quarantineDue: QuarantineFrame | undefined;
  /** What the peer, a hub, holds back of our events. */
  heldBack: HeldBack;
  heldBackReported = 0;
  /** Ordinal of the peer's vector that is in durable state. */
  savedOrdinal = 0;
  savePending = 0;

  // Times
  startedMs = 0;
  lastHeardMs = 0;
  lastProgressMs = 0;
  /** When the last data frame left. */
  lastDataMs = 0;
  pingOutMs: number | undefined;
  closingMs = 0;

  constructor(input: {
    readonly options: SessionOptions;
    readonly log: Log;
    readonly crypto: CryptoPort;
    readonly compressor: CompressorPort;
    readonly memory?: CodecMemory;
    readonly coding?: CodingMeter;
    readonly nowMs: number;
  }) {
    const { options } = input;
    this.options = options;
    this.log = input.log;
    this.crypto = input.crypto;
    this.compressor = input.compressor;
    this.memory = input.memory;
    this.coding = input.coding;
    this.nowMs = input.nowMs;
    this.sendWindow = sendWindowFor(options.codecs ?? codecsAll);
    this.pacer.limit(options.rateBytesPerS, input.nowMs);
    this.flight = new FlightWindow(options.peerState?.link);
    this.wasToldQuarantine = options.peerState?.wasToldQuarantine === true;
    this.heldBack = options.peerState?.heldBack ?? nothingHeldBack;
    this.scope = {
      self: options.self,
      peer: options.peer,
      policy: options.policy,
      knownHubs: options.knownHubs ?? [],
    };
    this.health = options.health;
    this.outEnds = { sender: options.self.nodeId, receiver: options.peer.nodeId };
    this.inEnds = { sender: options.peer.nodeId, receiver: options.self.nodeId };
    const state = options.peerState;
    this.isFirstContact =
      state === undefined && options.self.role === "clinic" && input.log.trustedTimeMs === 0;
    this.cleanOnDisk = state?.isClean ?? true;
    if (state !== undefined) {
      this.theirsHeld = state.theirs;
      this.ours = state.ours;
      this.oursHeld = state.oursHeld;
      this.peerCodecs = state.codecs;
      this.completedMs = state.completedMs;
      this.healthSent = state.healthSent;
      this.savedOrdinal = state.theirs[state.theirs.length - 1]?.mark.ordinal ?? 0;
    }
  }

  get isPing(): boolean {
    return this.options.pingCount !== undefined || this.peerHello?.isPingOnly === true;
  }

  get isEnding(): boolean {
    return this.phase === "closing" || this.phase === "closed";
  }

  /** A step of the wall clock, either way, is no passing of time: deadlines move with it. */
  setNow(nowMs: number): void {
    const stepMs = nowMs - this.nowMs;
    this.nowMs = nowMs;
    if (stepMs >= 0 && stepMs <= clockStepMs) return;
    this.startedMs += stepMs;
    this.lastHeardMs += stepMs;
    this.lastProgressMs += stepMs;
    this.lastDataMs += stepMs;
    this.receiveBatches.lastTakenMs += stepMs;
    this.closingMs += stepMs;
    if (this.pingOutMs !== undefined) this.pingOutMs += stepMs;
    for (const { inFlight } of this.outgoing.values())
      for (const [at, item] of inFlight.entries())
        inFlight[at] = { ...item, sentMs: item.sentMs + stepMs };
    this.flight.clockStepped(stepMs);
    if (this.finishing !== undefined)
      this.finishing = { ...this.finishing, sinceMs: this.finishing.sinceMs + stepMs };
  }

  /** Queues a control frame; those leave before any data. */
  send(frame: Frame): void {
    if (this.phase === "closed") return;
    this.control.push(encodeFrame(frame, this.outEnds));
    if (this.control.length > controlFramesMax && !this.isEnding)
      this.fail(new ZamError("Z504", { limit: "requests without reading the answers" }));
  }

  effect(effect: SessionEffect): void {
    if (effect.kind === "progress") {
      if (this.progressQueued) return;
      this.progressQueued = true;
    }
    this.effects.push(effect);
  }

  takeEffect(): SessionEffect | undefined {
    const effect = this.effects[this.effectAt];
    if (effect === undefined) {
      this.effects.length = 0;
      this.effectAt = 0;
      return undefined;
    }
    this.effectAt++;
    if (effect.kind !== "progress") return effect;
    this.progressQueued = false;
    return { kind: "progress", progress: this.progress() };
  }

  progress(): SessionProgress {
    let waiting = this.eventsInFlight;
    for (const out of this.active) waiting += countWork(out.work);
    return {
      eventsToSend: this.eventsConfirmed + waiting,
      eventsSent: this.eventsSent,
      eventsConfirmed: this.eventsConfirmed,
      eventsReceived: this.eventsReceived,
    };
  }

  noteProgress(): void {
    this.lastProgressMs = this.nowMs;
    this.effect({ kind: "progress", progress: noProgress });
  }

  report(code: ZCode, context: ErrorContext): ZamError {
    const error = new ZamError(code, context);
    this.effect({ kind: "report", error });
    return error;
  }

  store(operation: StoreOperation, pending: PendingStore): void {
    const token = this.nextToken++;
    this.stores.set(token, pending);
    this.effect({ kind: "store", token, operation });
  }

  /** Stages a fact; `then` runs when it is durable. Without it nothing that depends on it may go on. */
  mark(mark: Mark, then?: () => void): void {
    this.marksOpen++;
    const durable = (error?: ZamError): void => {
      this.marksOpen--;
      // A clinic whose disk is full must still be able to send what it holds.
      if (error !== undefined && mark.kind !== "trustedTime") this.fail(error);
      else then?.();
    };
    this.store({ kind: "mark", mark }, { durable });
  }

  /** A person must see it, and says so; what `id` names is told once until then. */
  alarm(id: string, { code, message }: ZamError): void {
    this.mark({ kind: "alarm", id, code, text: message });
  }

  onOutcome(token: number, outcome: ReceiveOutcome): void {
    const pending = this.stores.get(token);
    if (pending === undefined) return;
    if (outcome.kind !== "stored" && outcome.kind !== "duplicate") this.stores.delete(token);
    pending.outcome?.(outcome);
  }

  onDurable(token: number, error: ZamError | undefined): void {
    const pending = this.stores.get(token);
    if (pending === undefined) return;
    this.stores.delete(token);
    pending.durable(error);
  }

  save(state: PeerState, then: (error?: ZamError) => void): void {
    const token = this.nextToken++;
    this.savePending++;
    this.saves.set(token, then);
    this.effect({ kind: "savePeerState", token, state });
  }

  onSaved(token: number, error: ZamError | undefined): void {
    const then = this.saves.get(token);
    if (then === undefined) return;
    this.saves.delete(token);
    this.savePending--;
    then(error);
  }

  /** The peer or our own disk made going on impossible: tells the peer why, then closes. */
  fail(error: ZamError): void {
    if (this.isEnding) return;
    if (this.control.length > controlFramesMax) this.control.length = 0;
    this.end("error", error);
    this.send({ type: "error", code: Number(error.code.slice(1)), text: wireText(error) });
  }

  /** No more frames are read; what is queued still leaves, then `close` follows. */
  end(endedBy: SessionSummary["endedBy"], error?: ZamError): void {
    if (this.isEnding) return;
    restSending(this);
    restReceiving(this);
    this.endedBy = endedBy;
    this.error = error;
    this.phase = "closing";
    this.closingMs = this.nowMs;
    this.closeWanted = true;
  }
}

const noProgress = { eventsToSend: 0, eventsSent: 0, eventsConfirmed: 0, eventsReceived: 0 };

/** Errors of disk and keys name paths of this machine: of those the peer is told the name only. */
function wireText(error: ZamError): string {
  let text = error.code.startsWith("Z5") ? error.message : catalogue[error.code].name;
  while (textToUtf8(text).length > errorTextBytesMax) text = text.slice(0, -8);
  return text;
}
