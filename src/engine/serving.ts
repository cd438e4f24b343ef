/**
 * The hub's side: admits peers, holds a session with each, and keeps the
 * newest of a node when the same node comes twice (RULES 35).
 */
import { encodeFrame } from "../core/codec/encode-frame.ts";
import type { ErrorFrame } from "../core/codec/frame-types.ts";
import type { ZamError } from "../core/errors/zam-error.ts";
import {
  type AcceptedPeer,
  createTlsServer,
  formatAddress,
  parseAddress,
} from "../network/index.ts";
import {
  createAcceptingJudge,
  openRevocationList,
  promoteToHub,
  readCredentials,
  readIdentity,
  readOrCreateTicketKey,
} from "../pki/index.ts";
import type { RunningServer, ServedSession, ServeInput } from "./api.ts";
import { type HostedNode, hostSession } from "./hosting.ts";
import { LoadMeter } from "./load-meter.ts";
import type { SessionHost, Transport } from "./session-host.ts";

const bindDefault = "0.0.0.0:7700";
const maxPeersDefault = 64;
/** How soon a revocation reaches sessions that are already running. */
const revocationCheckMs = 500;
/** How soon the end of a certificate's time does. */
const expiryCheckMs = 3_600_000;
/** With fewer sessions than this a busy process is one that does other things for a moment. */
const crowdMin = 8;
/** Our messages are ASCII but for names, so that this stays below the frame's 200 bytes. */
const refusalCharactersMax = 100;

export interface ServingInput {
  readonly dataDir: string;
  readonly input: ServeInput;
  readonly node: () => HostedNode;
}

/** Rejects with Z311 (a signed clinic), Z3xx or Z410. */
export async function serve(serving: ServingInput): Promise<Omit<RunningServer, "useJudge">> {
  const { dataDir, input, node } = serving;
  const nowMs = Date.now();
  const { nodeId } = readIdentity(dataDir);
  await promoteToHub({ dir: dataDir, nodeId, nowMs });
  const credentials = readCredentials(dataDir, nowMs);
  const revocations = openRevocationList({
    hubDir: dataDir,
    onProblem: (error) => input.onReport?.(error, ""),
  });
  const sessions = new LiveSessions(serving, node());
  const server = await createTlsServer({
    bind: parseAddress(input.bind ?? bindDefault),
    credentials,
    ticketKey: readOrCreateTicketKey(dataDir),
    judge: createAcceptingJudge({
      authority: credentials.authority,
      nowMs: Date.now,
      isRevoked: (fingerprint) => revocations.isRevoked(fingerprint),
    }),
    limits: { maxPeers: input.maxPeers ?? maxPeersDefault },
    onPeer: (peer) => sessions.begin(peer),
    onRefused: (refused) => {
      refused.transport.write(farewell(refused.error, nodeId, refused.nodeId));
      refused.transport.close();
    },
    onReport: (error, address) => input.onReport?.(error, address),
  });
  let judgedMs = performance.now();
  const timer = setInterval(() => {
    // Sessions stay open for days: certificates expire meanwhile.
    const isDue = performance.now() - judgedMs >= expiryCheckMs;
    if (!revocations.hasChanged() && !isDue) return;
    judgedMs = performance.now();
    for (const { nodeId: refused, transport, error } of server.recheck())
      if (!sessions.refuse(transport, error, farewell(error, nodeId, refused)))
        transport.destroy(error);
  }, revocationCheckMs);
  timer.unref();
  return {
    address: formatAddress(server.address),
    port: server.address.port,
    close: async () => {
      clearInterval(timer);
      sessions.finishAll();
      await server.close();
      await sessions.settled();
    },
  };
}

/** Why a peer of ours may not come in, or not stay, in the one frame that it gets. */
function farewell(error: ZamError, sender: string, receiver: string): Uint8Array {
  const frame: ErrorFrame = {
    type: "error",
    code: Number(error.code.slice(1)),
    text: error.message.slice(0, refusalCharactersMax),
  };
  return encodeFrame(frame, { sender, receiver });
}

class LiveSessions {
  private readonly serving: ServingInput;
  private readonly node: HostedNode;
  private readonly hosts = new Map<string, Set<SessionHost>>();
  /** Also those that have not said HELLO yet. */
  private readonly byTransport = new Map<Transport, SessionHost>();
  private readonly ends = new Set<Promise<unknown>>();
  private readonly load = new LoadMeter();
  private isStopping = false;

  constructor(serving: ServingInput, node: HostedNode) {
    this.serving = serving;
    this.node = node;
  }

  begin(accepted: AcceptedPeer): void {
    const { transport, peer, address } = accepted;
    const { input } = this.serving;
    const startedMs = performance.now();
    const meter = this.node.meters.open({ peer: peer.nodeId, address, transport });
    const { host, ended } = hostSession(this.node, {
      transport,
      peer,
      address,
      isInitiator: false,
      policy: input.policy ?? "own",
      codec: input.codec,
      isBusy: this.byTransport.size >= crowdMin && this.load.isBusy(),
      keepOpen: true,
      onRest: (isResting) => {
        meter.rest(isResting);
        if (isResting) accepted.becameIdle();
        else accepted.becameBusy();
      },
      onEstablished: () => {
        accepted.greeted();
        meter.established(() => host.summary());
        this.established(peer.nodeId, host);
      },
      onReport: (error) => input.onReport?.(error, peer.nodeId),
    });
    this.byTransport.set(transport, host);
    const end = ended.then((summary) => {
      this.byTransport.delete(transport);
      this.ended(peer.nodeId, host);
      meter.ended(summary);
      const session: ServedSession = {
        peer: peer.nodeId,
        address,
        eventsSent: summary.eventsConfirmed,
        eventsReceived: summary.eventsReceived,
        bytesSent: transport.sentBytes,
        bytesReceived: transport.receivedBytes,
        durationMs: Math.round(performance.now() - startedMs),
        endedBy: summary.endedBy,
        ...(summary.error === undefined
          ? {}
          : { error: { code: summary.error.code, message: summary.error.message } }),
      };
      input.onSession?.(session);
    });
    this.ends.add(end);
    end.finally(() => this.ends.delete(end)).catch((cause: unknown) => this.defect(cause));
    if (this.isStopping) host.finish();
  }

  /** The newest session of a node wins; a half-open older one must not commit any more. */
  private established(nodeId: string, host: SessionHost): void {
    const hosts = this.hosts.get(nodeId) ?? new Set();
    for (const older of hosts) if (older !== host) older.fence();
    hosts.add(host);
    this.hosts.set(nodeId, hosts);
  }

  private ended(nodeId: string, host: SessionHost): void {
    const hosts = this.hosts.get(nodeId);
    if (hosts?.delete(host) === true && hosts.size === 0) this.hosts.delete(nodeId);
  }

  /** Ends the session on this connection at once; false when there is none. */
  refuse(transport: Transport, error: ZamError, frame: Uint8Array): boolean {
    const host = this.byTransport.get(transport);
    host?.refuse(error, frame);
    return host !== undefined;
  }

  finishAll(): void {
    this.isStopping = true;
    for (const hosts of this.hosts.values()) for (const host of hosts) host.finish();
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.ends);
  }

  /** A session's end never rejects, except by a defect of ours: that must not pass in silence. */
  private defect(cause: unknown): void {
    queueMicrotask(() => {
      throw cause;
    });
  }
}
