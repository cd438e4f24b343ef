/**
 * How two devices of the simulated fleet hold a session: the part of a real host, in virtual time.
 */
import { driftReferenceMs } from "../src/core/clock/hybrid-clock.ts";
import type { ZamError } from "../src/core/errors/zam-error.ts";
import type { ConfirmedHead, Log } from "../src/core/log/api.ts";
import type { Policy, SessionOptions, SessionSummary } from "../src/core/session/api.ts";
import type { PeerState } from "../src/core/session/peer-state.ts";
import { createSession } from "../src/core/session/session.ts";
import { buildMs } from "../src/engine/build.ts";
import { type Confirmation, extendConfirmations } from "../src/engine/confirmations.ts";
import type { PeerRecord } from "../src/engine/peer-record.ts";
import { SessionHost } from "../src/engine/session-host.ts";
import { Connection, type ConnectionEnd, type LinkShape } from "./connection.ts";
import type { Device, LiveSession, Process } from "./device.ts";
import { fingerprintOf, nodeCompressor } from "./ports.ts";
import { Violation } from "./violation.ts";
import { ConnectionWatch } from "./watch.ts";
import { WatchedEnd } from "./watched-end.ts";
import type { World } from "./world.ts";

export function connect(
  world: World,
  device: Device,
  shape: LinkShape,
  attempt: number,
  /** Told whether this was all, or the next attempt is due. */
  onEnded: (isOver: boolean) => void,
): void {
  const connection = new Connection({
    queue: world.queue,
    random: world.linkRandom.fork(),
    shape,
    onCutAtByte: () => world.coverage.add("connection cut at a byte"),
  });
  world.connections.add(connection);
  world.note(device, `connects, attempt ${attempt}`);
  // The answering side first: it must be listening when the first byte comes.
  const watch = answer(world, device, connection);
  const policy = "own";
  begin(
    world,
    { self: device, peer: world.hub, end: connection.near, watch, policy },
    (summary) => {
      world.note(
        device,
        `sync over: ${summary.endedBy} complete=${summary.isComplete} sent=${summary.eventsConfirmed} received=${summary.eventsReceived} ${summary.error?.code ?? ""}`,
      );
      if (summary.isComplete) {
        world.coverage.add("sync completed");
        // A twin may tell the hub of the same streams at any time.
        device.isKnowledgeOld = world.isCloned(device);
      }
      onEnded(summary.isComplete || summary.endedBy === "budget");
    },
  );
}

/** The hub's end of a connection that `peer` opened. */
export function answer(world: World, peer: Device, connection: Connection): ConnectionWatch {
  const { hub, oracle, coverage, trace, plan, mutant } = world;
  const watch = new ConnectionWatch({ connection, near: peer, far: hub, oracle, coverage, trace });
  const policy = mutant.policy?.(plan.policy) ?? plan.policy;
  begin(world, { self: hub, peer, end: connection.far, watch, policy }, () => undefined);
  return watch;
}

interface Meeting {
  readonly self: Device;
  readonly peer: Device;
  readonly end: ConnectionEnd;
  readonly watch: ConnectionWatch;
  readonly policy: Policy;
}

function begin(world: World, meeting: Meeting, onOver: (summary: SessionSummary) => void): void {
  const { self, peer, end, watch } = meeting;
  const { life, process } = self;
  if (process === undefined) return;
  const { mutant, queue } = world;
  const isInitiator = self.role === "clinic";
  const wallMs = self.clock.wallMs(queue.nowMs);
  const startedMs = queue.nowMs;
  const sessionMs = (): number => Math.round(wallMs + queue.nowMs - startedMs);
  const states = new PeerStates(world, meeting, process, wallMs);
  const session = createSession({
    options: optionsOf(world, meeting, process.log, states.state),
    log: mutant.sessionLog?.(process.log) ?? process.log,
    crypto: self.crypto,
    compressor: nodeCompressor,
    nowMs: sessionMs(),
  });
  const live: { session: LiveSession | undefined } = { session: undefined };
  const commits = process.commits.open();
  const guard = (action: () => void): void => world.guard(self, life, action);
  const host = new SessionHost({
    session: mutant.session?.(session) ?? session,
    transport: new WatchedEnd(end, guard, (bytes) => {
      if (isInitiator) world.onTransmitted?.(bytes);
      watch.onTransmit(self, bytes);
    }),
    log: process.log,
    commits: mutant.commits?.(commits) ?? commits,
    nowMs: sessionMs,
    startTimer: (delayMs, action) => {
      let isStopped = false;
      queue.after(delayMs, () => {
        if (!isStopped) guard(action);
      });
      return () => {
        isStopped = true;
      };
    },
    savePeerState: (saved, done) => states.save(saved, done),
    onEstablished: () => established(world, self, live.session),
    onReport: (error) => {
      world.note(self, `report ${error.code} ${error.message}`);
      world.noteReport(error.code);
    },
    onEnded: (summary) => {
      if (live.session !== undefined) process.sessions.delete(live.session);
      if (summary.error?.code === "Z520") world.coverage.add("session fenced (Z520)");
      if (summary.error?.code === "Z505") world.coverage.add("silent peer given up (Z505)");
      if (peer.isHostile && summary.endedBy === "error") world.coverage.add("hostile peer cut off");
      if (!peer.isHostile) checkSummary(self, summary);
      states.saveEnd(summary.endedBy, () => onOver(summary));
    },
  });
  const refuse = (): void => {
    commits.fence();
    end.destroy();
  };
  live.session = { host, end, peer, isEstablished: false, refuse };
  process.sessions.add(live.session);
  guard(() => host.start());
}

function optionsOf(
  world: World,
  { self, peer, policy }: Meeting,
  log: Log,
  peerState: PeerState | undefined,
): SessionOptions {
  const isInitiator = self.role === "clinic";
  const hasLimit = isInitiator && !world.isHealed && world.linkRandom.chance(world.plan.limitShare);
  if (hasLimit) world.coverage.add("byte limit");
  return {
    isInitiator,
    self: { nodeId: self.nodeId, role: self.role },
    peer: {
      nodeId: peer.nodeId,
      role: peer.role,
      keyFingerprint: fingerprintOf(peer.nodeId, peer.keyNumber),
    },
    policy,
    peerState,
    keepOpen: false,
    health: {
      version: "1.0.0",
      diskFreeBytes: 1e9,
      damagedCount: log.damages.length,
      quarantinedCount: log.quarantinedCount,
      troubles: [],
      certDaysLeft: 300,
    },
    ...(hasLimit ? { bytesMax: world.linkRandom.between(1_000, 20_000) } : {}),
  };
}

/** What a session learns of its peer, and where that is kept: the part of the engine's hosting. */
class PeerStates {
  state: PeerState | undefined;
  private confirmations: readonly Confirmation[];
  private readonly world: World;
  private readonly meeting: Meeting;
  private readonly process: Process;
  private readonly wallMs: number;

  constructor(world: World, meeting: Meeting, process: Process, wallMs: number) {
    this.world = world;
    this.meeting = meeting;
    this.process = process;
    this.wallMs = wallMs;
    const known = process.peers.find(meeting.peer.nodeId);
    this.state = known?.state;
    this.confirmations = known?.confirmations ?? [];
  }

  save(saved: PeerState, done: (error?: ZamError) => void): void {
    const { world, meeting, process } = this;
    const { self, peer } = meeting;
    const { mutant } = world;
    if (!peer.isHostile) checkConfirmed(world, self, peer, process.log, saved.confirmed);
    this.state = mutant.peerState?.(saved) ?? saved;
    const record = this.record("");
    if (mutant.savesLater === true) {
      world.queue.after(3_600_000, () =>
        world.guard(self, self.life, () => process.peers.save(record, () => undefined)),
      );
      done();
      return;
    }
    process.peers.save(record, (error) => {
      // Events go all the same, and at worst some of them twice: so the session decided.
      if (error !== undefined) self.isKnowledgeOld = true;
      done(error);
    });
  }

  saveEnd(result: string, done: () => void): void {
    this.process.peers.save(this.record(result), (error) => {
      done();
      if (error !== undefined) this.meeting.self.isKnowledgeOld = true;
    });
  }

  private record(result: string): PeerRecord {
    const { peer } = this.meeting;
    const { state, wallMs } = this;
    if (peer.role === "hub" && state !== undefined) {
      const trustedMs = this.process.log.trustedTimeMs;
      const atMs = driftReferenceMs({ wallMs, buildMs, trustedMs });
      this.confirmations = extendConfirmations(this.confirmations, state, atMs);
    }
    return {
      peerId: peer.nodeId,
      role: peer.role,
      address: "sim:7700",
      lastSyncMs: result === "" ? 0 : Math.max(1, wallMs),
      result,
      policy: "own",
      state,
      confirmations: this.confirmations,
    };
  }
}

/** The newest session of a node wins, as at the engine's server. */
function established(world: World, self: Device, live: LiveSession | undefined): void {
  if (live === undefined || self.role !== "hub" || world.mutant.neverFences === true) return;
  live.isEstablished = true;
  for (const other of [...(self.process?.sessions ?? [])]) {
    if (other === live || !other.isEstablished || other.peer.nodeId !== live.peer.nodeId) continue;
    other.isEstablished = false;
    other.host.fence();
    world.coverage.add("session fenced (Z520)");
  }
}

function checkConfirmed(
  world: World,
  self: Device,
  peer: Device,
  log: Log,
  confirmed: readonly ConfirmedHead[],
): void {
  for (const { stream, seq, chain } of confirmed) {
    if (world.oracle.wasHeldAt(peer.nodeId, stream, seq, chain)) continue;
    if (peer.wounds > 0) continue;
    // A head may end in what was declared lost, or lie below a floor: settled there, though nobody holds it.
    const isLost = [log, peer.process?.log].some((one) => {
      const index = one?.findStream(stream);
      if (one === undefined || index === undefined) return false;
      const { lost, floor } = one.stream(index);
      return (floor?.seq ?? 0) >= seq || lost.some(({ from, to }) => from <= seq && seq <= to);
    });
    if (!isLost)
      throw new Violation(
        "confirmed is durable at the peer",
        `${self.name}: ${stream.node} ${stream.epoch} '${stream.lane}' ${seq} at ${peer.name}`,
      );
  }
}

/** Errors that only a broken program can cause must not come up between two honest ones. */
function checkSummary(self: Device, summary: SessionSummary): void {
  const code = summary.error?.code ?? "";
  const isOurFault = ["Z501", "Z502", "Z503", "Z504", "Z506", "Z523"].includes(code);
  const text = summary.error?.message ?? "";
  const isPeersView = code === "Z514" && /Z50[12346]|Z523/.test(text);
  if (isOurFault || isPeersView)
    throw new Violation("honest peers understand each other", `${self.name}: ${code} ${text}`);
}
