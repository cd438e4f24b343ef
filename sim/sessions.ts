/**
 * How two devices of the simulated fleet hold a session: the part of a real host, in virtual time.
 */
import type { Log } from "../src/core/log/api.ts";
import type { SessionSummary } from "../src/core/session/api.ts";
import { createSession } from "../src/core/session/session.ts";
import { Connection, type ConnectionEnd, type LinkShape } from "./connection.ts";
import type { Device, LiveSession } from "./device.ts";
import { fingerprintOf, nodeCompressor } from "./ports.ts";
import { SessionRunner } from "./session-runner.ts";
import { Violation } from "./violation.ts";
import { ConnectionWatch } from "./watch.ts";
import type { World } from "./world.ts";

export function connect(world: World, device: Device, shape: LinkShape, attempt: number): void {
  const { queue, hub, coverage } = world;
  const connection = new Connection({
    queue,
    random: world.linkRandom.fork(),
    shape,
    onCutAtByte: () => coverage.add("connection cut at a byte"),
  });
  world.connections.add(connection);
  const watch = new ConnectionWatch({
    connection,
    near: device,
    far: hub,
    oracle: world.oracle,
    coverage,
    trace: world.trace,
  });
  const { life } = device;
  world.note(device, `connects, attempt ${attempt}`);
  // The answering side first: it must be listening when the first byte comes.
  begin(world, hub, device, connection.far, watch, false, () => undefined);
  begin(world, device, hub, connection.near, watch, true, (summary) => {
    world.note(
      device,
      `sync over: ${summary.endedBy} complete=${summary.isComplete} sent=${summary.eventsConfirmed} received=${summary.eventsReceived} ${summary.error?.code ?? ""}`,
    );
    if (summary.isComplete) {
      world.coverage.add("sync completed");
      device.isKnowledgeOld = false;
    }
    if (summary.isComplete || summary.endedBy === "budget") device.isSyncing = false;
    else world.retry(device, life, attempt);
  });
}

function begin(
  world: World,
  self: Device,
  peer: Device,
  end: ConnectionEnd,
  watch: ConnectionWatch,
  isInitiator: boolean,
  onOver: (summary: SessionSummary) => void,
): void {
  const { life } = self;
  const { process } = self;
  if (process === undefined) return;
  const { mutant, queue } = world;
  const wallMs = self.clock.wallMs(queue.nowMs);
  const startedMs = queue.nowMs;
  const sessionMs = (): number => Math.round(wallMs + queue.nowMs - startedMs);
  const known = process.peers.find(peer.nodeId);
  let state = known?.state;
  const hasLimit = isInitiator && !world.isHealed && world.linkRandom.chance(world.plan.limitShare);
  if (hasLimit) world.coverage.add("byte limit");
  const policy = self.role === "hub" ? world.plan.policy : "own";
  const session = createSession({
    options: {
      isInitiator,
      self: { nodeId: self.nodeId, role: self.role },
      peer: { nodeId: peer.nodeId, role: peer.role, keyFingerprint: fingerprintOf(peer.nodeId) },
      policy: mutant.policy?.(policy) ?? policy,
      peerState: state,
      keepOpen: false,
      health: {
        version: "1.0.0",
        diskFreeBytes: 1e9,
        damagedCount: process.log.damages.length,
        quarantinedCount: 0,
        clockCode: "",
        certDaysLeft: 300,
      },
      ...(hasLimit ? { bytesMax: world.linkRandom.between(1_000, 20_000) } : {}),
    },
    log: mutant.sessionLog?.(process.log) ?? process.log,
    crypto: self.crypto,
    compressor: nodeCompressor,
    nowMs: sessionMs(),
  });
  const live: { session: LiveSession | undefined } = { session: undefined };
  const base = {
    peerId: peer.nodeId,
    role: peer.role,
    address: "sim:7700",
    lastSyncMs: 0,
    result: "",
    policy: "own" as const,
  };
  const commits = process.commits.open();
  const runner = new SessionRunner({
    session: mutant.session?.(session) ?? session,
    end,
    commits: mutant.commits?.(commits) ?? commits,
    queue,
    sessionMs,
    guard: (action) => world.guard(self, life, action),
    savePeerState: (saved, done) => {
      checkConfirmed(world, self, peer, process.log, saved.confirmed);
      state = mutant.peerState?.(saved) ?? saved;
      const save = { ...base, state };
      if (mutant.savesLater === true) {
        queue.after(3_600_000, () =>
          world.guard(self, life, () => process.peers.save(save, () => undefined)),
        );
        done();
      } else {
        process.peers.save(save, (error) => {
          // Events go all the same, and at worst some of them twice: so the session decided.
          if (error !== undefined) self.isKnowledgeOld = true;
          done(error);
        });
      }
    },
    onTransmit: (bytes) => watch.onTransmit(self, bytes),
    onEstablished: () => established(world, self, live.session),
    onReport: (error) => {
      world.note(self, `report ${error.code} ${error.message}`);
      world.noteReport(error.code);
    },
    onOver: (summary) => {
      if (live.session !== undefined) process.sessions.delete(live.session);
      if (summary.error?.code === "Z520") world.coverage.add("session fenced (Z520)");
      if (summary.error?.code === "Z505") world.coverage.add("silent peer given up (Z505)");
      checkSummary(self, summary);
      process.peers.save(
        { ...base, lastSyncMs: Math.max(1, wallMs), result: summary.endedBy, state },
        (error) => {
          onOver(summary);
          if (error !== undefined) self.isKnowledgeOld = true;
        },
      );
    },
  });
  live.session = { runner, end, peer, isEstablished: false };
  process.sessions.add(live.session);
  world.guard(self, life, () => runner.start());
}

/** The newest session of a node wins, as at the engine's server. */
function established(world: World, self: Device, live: LiveSession | undefined): void {
  if (live === undefined || self.role !== "hub" || world.mutant.neverFences === true) return;
  live.isEstablished = true;
  for (const other of [...(self.process?.sessions ?? [])]) {
    if (other === live || !other.isEstablished || other.peer.nodeId !== live.peer.nodeId) continue;
    other.isEstablished = false;
    other.runner.fence();
    world.coverage.add("session fenced (Z520)");
  }
}

function checkConfirmed(
  world: World,
  self: Device,
  peer: Device,
  log: Log,
  confirmed: readonly {
    readonly stream: { node: string; epoch: number; lane: string };
    readonly seq: number;
    readonly chain: Uint8Array;
  }[],
): void {
  for (const { stream, seq, chain } of confirmed) {
    if (world.oracle.wasHeldAt(peer.nodeId, stream, seq, chain)) continue;
    if (peer.wounds > 0) continue;
    // A head may end in what was declared lost: settled there, though nobody holds it.
    const isLost = [log, peer.process?.log].some((one) => {
      const index = one?.findStream(stream);
      if (one === undefined || index === undefined) return false;
      return one.stream(index).lost.some(({ from, to }) => from <= seq && seq <= to);
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
