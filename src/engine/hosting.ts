/**
 * One authenticated connection becomes one session: what both sides have in
 * common, whoever called whom. Every end of a session is written into the
 * peer's record, also a bad one.
 */
import type { CodecMemory } from "../core/codec/codec-memory.ts";
import { driftReferenceMs } from "../core/clock/hybrid-clock.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import type { Log } from "../core/log/api.ts";
import type {
  HealthBlock,
  PeerIdentity,
  Policy,
  Role,
  SessionProgress,
  SessionSummary,
} from "../core/session/api.ts";
import type { CodingMeter } from "../core/session/coding-meter.ts";
import type { CodecName } from "../core/session/codec-choice.ts";
import type { Handshake } from "../core/session/flight-window.ts";
import { createSession, type SessionInput } from "../core/session/session.ts";
import { nodeCompressor } from "../storage/node-compressor.ts";
import { nodeCrypto } from "../storage/node-crypto.ts";
import { buildMs } from "./build.ts";
import type { CommitScheduler } from "./commit-scheduler.ts";
import { device } from "./device.ts";
import { extendConfirmations } from "./confirmations.ts";
import type { HoldableTransport, InputTurns } from "./input-turns.ts";
import type { OpenSession, OpenSessions } from "./open-sessions.ts";
import type { PeerBook } from "./peer-book.ts";
import type { PeerRecord } from "./peer-record.ts";
import type { SessionMeters } from "./session-meter.ts";
import { createSessionClock } from "./session-clock.ts";
import { SessionHost } from "./session-host.ts";

/** How often a session that stays open looks whether its hub should be told something: the disk fills by others' hands too. */
const healthCheckMs = 30_000;

/** Node's timers take no more; a deadline that is later is looked at again. */
const timerMsMax = 0x7fffffff;

export interface HostedNode {
  readonly log: Log;
  readonly book: PeerBook;
  readonly commits: CommitScheduler;
  readonly sessions: OpenSessions;
  /** What sessions of peers that called move. */
  readonly meters: SessionMeters;
  readonly role: Role;
  /** Shared by all sessions of the node. */
  readonly codecMemory: CodecMemory;
  readonly coding: CodingMeter;
  /** Whose input is looked at next. */
  readonly turns: InputTurns;
  health(): HealthBlock;
}

export interface HostInput {
  readonly transport: HoldableTransport;
  readonly peer: PeerIdentity;
  /** As it is shown and remembered: HOST:PORT. */
  readonly address: string;
  readonly isInitiator: boolean;
  readonly policy: Policy;
  readonly bytesMax?: number | undefined;
  readonly pingCount?: number | undefined;
  readonly handshake?: Handshake | undefined;
  /** Of each direction, TLS included. */
  readonly rateBytesPerS?: number | undefined;
  /** The most that may be done to make events small; undefined: what the link asks for. */
  readonly codec?: CodecName | undefined;
  /** This process has more to do than it can. */
  readonly isBusy?: boolean;
  /** Stay connected when everything was exchanged, if the peer does too. */
  readonly keepOpen: boolean;
  readonly onEstablished?: () => void;
  readonly onRest?: (isResting: boolean) => void;
  readonly onProgress?: (progress: SessionProgress) => void;
  readonly onReport?: (error: ZamError) => void;
}

/** What a session with this peer starts from. */
export function sessionInput(
  node: HostedNode,
  input: Omit<HostInput, "transport" | "address">,
): SessionInput {
  const { log, book } = node;
  const { peer, bytesMax, pingCount } = input;
  return {
    options: {
      isInitiator: input.isInitiator,
      self: { nodeId: log.nodeId, role: node.role },
      peer,
      policy: input.policy,
      peerState: book.find(peer.nodeId)?.state,
      keepOpen: input.keepOpen,
      health: node.health(),
      knownHubs: hubsBeside(book, peer.nodeId).map((hub) => hub.peerId),
      confirmedElsewhere: hubsBeside(book, peer.nodeId).flatMap(
        (hub) => hub.state?.confirmed ?? [],
      ),
      ...(bytesMax === undefined ? {} : { bytesMax }),
      ...(input.handshake === undefined ? {} : { handshake: input.handshake }),
      ...(input.rateBytesPerS === undefined ? {} : { rateBytesPerS: input.rateBytesPerS }),
      ...(pingCount === undefined ? {} : { pingCount }),
      ...(input.codec === undefined ? {} : { codec: input.codec }),
      ...(input.isBusy === undefined ? {} : { isBusy: input.isBusy }),
      ...(device.codecs === undefined ? {} : { codecs: device.codecs }),
    },
    log,
    crypto: nodeCrypto,
    compressor: nodeCompressor,
    memory: node.codecMemory,
    coding: node.coding,
    nowMs: Date.now(),
  };
}

/** Starts the session. `ended` resolves when it is over and the peer's record is durable. */
export function hostSession(
  node: HostedNode,
  input: HostInput,
): { readonly host: SessionHost; readonly ended: Promise<SessionSummary> } {
  const { log, book } = node;
  const { transport, peer, address, pingCount } = input;
  const nowMs = createSessionClock();
  const known = book.find(peer.nodeId);
  let state = known?.state;
  let confirmations = known?.confirmations ?? [];
  const note = (): void => {
    if (peer.role !== "hub" || state === undefined) return;
    const atMs = driftReferenceMs({
      wallMs: Date.now(),
      buildMs,
      trustedMs: log.trustedTimeMs,
    });
    confirmations = extendConfirmations(confirmations, state, atMs);
  };
  const session = createSession({ ...sessionInput(node, input), nowMs: nowMs() });
  let base = {
    peerId: peer.nodeId,
    role: peer.role,
    address,
    lastSyncMs: known?.lastSyncMs ?? 0,
    result: known?.result ?? "",
    policy: input.policy,
  };
  const open: OpenSession = {
    peerId: peer.nodeId,
    record: () => {
      const now = { ...base, state: host.peerState() ?? state, confirmations };
      return host.isResting ? { ...now, lastSyncMs: host.lastHeardMs } : now;
    },
    tellHealth: () => host.tellHealth(node.health()),
  };
  const stopHealth =
    node.role === "hub" && peer.role === "clinic" ? () => {} : watchHealth(log, open);
  const host = new SessionHost({
    session,
    transport: node.turns.share(transport),
    log,
    commits: node.commits.open(),
    nowMs,
    startTimer: (delayMs, action) => {
      const timer = setTimeout(action, Math.min(delayMs, timerMsMax));
      return () => clearTimeout(timer);
    },
    savePeerState: (saved, done) => {
      state = saved;
      note();
      book.save({ ...base, state, confirmations }).then(
        () => done(),
        (cause: unknown) => {
          const isKnown = cause instanceof ZamError;
          done(isKnown ? cause : new ZamError("Z206", { operation: "peer state" }, cause));
        },
      );
    },
    onEstablished: () => {
      node.sessions.add(open);
      input.onEstablished?.();
    },
    onRest: (isResting) => {
      // The save that follows writes it down.
      if (isResting) base = { ...base, lastSyncMs: Date.now(), result: "complete" };
      input.onRest?.(isResting);
    },
    ...(input.onProgress === undefined ? {} : { onProgress: input.onProgress }),
    ...(input.onReport === undefined ? {} : { onReport: input.onReport }),
  });
  const ended = host.ended.then(async (summary) => {
    stopHealth();
    node.sessions.remove(open);
    if (pingCount !== undefined) return summary;
    note();
    try {
      await book.save({ ...base, ...resultOf(summary, host), state, confirmations });
    } catch (error) {
      // What was saved before holds: on a full disk the next session costs bytes, and this node goes on.
      if (!(error instanceof ZamError)) throw error;
      input.onReport?.(error);
    }
    return summary;
  });
  node.sessions.run(host, ended);
  host.start();
  return { host, ended };
}

/**
 * Looks again after every commit that raised an alarm or found damage, and now and then.
 * Before the session hears of that commit: a sync in which a fork comes to light is to say so before it ends.
 */
function watchHealth(log: Log, open: OpenSession): () => void {
  const troublesNow = (): string =>
    `${log.alarms.length} ${log.damages.length} ${log.quarantinedCount}`;
  let before = troublesNow();
  const stopListening = log.onDurable(() => {
    const now = troublesNow();
    if (now === before) return;
    before = now;
    open.tellHealth();
  });
  const timer = setInterval(() => open.tellHealth(), healthCheckMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    stopListening();
  };
}

/** A connection that broke while it rested did not fail: all was well when the peer was last heard. */
function resultOf(
  summary: SessionSummary,
  host: SessionHost,
): Pick<PeerRecord, "lastSyncMs" | "result"> {
  if (summary.wasResting) return { lastSyncMs: host.lastHeardMs, result: "complete" };
  const result = summary.error?.code ?? (summary.isComplete ? "complete" : summary.endedBy);
  return { lastSyncMs: Date.now(), result };
}

/** Other hubs: clinics may address them, and what they confirmed is not lost (RULES 33, 40). */
function hubsBeside(book: PeerBook, peerId: string): readonly PeerRecord[] {
  return book.all.filter((record) => record.role === "hub" && record.peerId !== peerId);
}
