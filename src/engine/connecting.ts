/**
 * The clinic's end of a connection: TLS to the hub, one session over it. One
 * call is one connection; trying again is `sync-client.ts`'s business.
 */
import { ZamError } from "../core/errors/zam-error.ts";
import type { Handshake } from "../core/session/flight-window.ts";
import type { PeerIdentity, SessionSummary } from "../core/session/api.ts";
import { type ConnectedHub, connectTls } from "../network/connect.ts";
import { formatAddress, parseAddress } from "../network/address.ts";
import type { SocketTransport } from "../network/socket-transport.ts";
import { createTicketStore } from "../network/ticket-store.ts";
import { createConnectingJudge, nodeFiles, readCredentials } from "../pki/index.ts";
import type { PingInput, PingSummary, SyncInput } from "./api.ts";
import { type HostedNode, hostSession } from "./hosting.ts";
import type { OpenLink } from "./hub-link.ts";
import type { SessionHost } from "./session-host.ts";
import type { Attempt, AttemptInput, AttemptResult } from "./sync-client.ts";

/** After a goodbye: how long the peer may take to take it before the connection is cut. */
const goodbyeMs = 5_000;
const pingCountDefault = 4;
const pingTimeoutMsDefault = 60_000;

interface HubTarget {
  readonly dataDir: string;
  readonly node: HostedNode;
  readonly hub: string;
}

interface Connecting {
  readonly hubId: string | undefined;
  readonly signal: AbortSignal;
  readonly onPhase?: (phase: "connecting" | "handshake") => void;
  readonly onFailedBytes?: (sentBytes: number, receivedBytes: number) => void;
}

/** Rejects with Z3xx or Z4xx; then nothing but a handshake was sent. */
async function connectHub(target: HubTarget, input: Connecting): Promise<ConnectedHub> {
  const { dataDir, hub } = target;
  const credentials = readCredentials(dataDir, Date.now());
  return connectTls({
    address: parseAddress(hub),
    credentials,
    judge: createConnectingJudge({
      authority: credentials.authority,
      nowMs: Date.now,
      expectedHubId: input.hubId,
    }),
    expectedHubId: input.hubId,
    tickets: createTicketStore(nodeFiles(dataDir).tickets, credentials),
    signal: input.signal,
    onPhase: input.onPhase,
    onFailedBytes: input.onFailedBytes,
  });
}

/** How `runSync` makes one connection. */
export function createAttempt(target: HubTarget & { readonly input: SyncInput }): Attempt {
  const { input } = target;
  // Checked once, before the first attempt: a typing error is not a network error.
  parseAddress(target.hub);
  readCredentials(target.dataDir, Date.now());
  return async (attempt) => {
    const failed = { sentBytes: 0, receivedBytes: 0 };
    let connected: ConnectedHub;
    try {
      connected = await connectHub(target, {
        hubId: input.hubId,
        signal: attempt.signal,
        onPhase: (phase) => {
          if (phase === "handshake") attempt.onPhase("handshake");
        },
        onFailedBytes: (sentBytes, receivedBytes) =>
          Object.assign(failed, { sentBytes, receivedBytes }),
      });
    } catch (error) {
      if (!(error instanceof ZamError)) throw error;
      return { peer: "", summary: undefined, ...failed, error };
    }
    return transfer(target, connected, attempt);
  };
}

function handshakeOf({ transport, tcpMs, tlsMs, computedMs }: ConnectedHub): Handshake {
  const bytes = transport.sentBytes + transport.receivedBytes;
  return { bytes, ms: tcpMs + tlsMs - computedMs, tcpMs };
}

function kbpsToRate(kbps: number | undefined): number | undefined {
  return kbps === undefined ? undefined : Math.max(1, Math.floor((kbps * 1000) / 8));
}

async function transfer(
  target: HubTarget & { readonly input: SyncInput },
  connected: ConnectedHub,
  attempt: AttemptInput,
): Promise<AttemptResult> {
  const { transport, peer } = connected;
  const restWaiters: (() => void)[] = [];
  attempt.onPhase("transferring");
  const { host, ended } = hostSession(target.node, {
    transport,
    peer,
    address: formatAddress(parseAddress(target.hub)),
    isInitiator: true,
    policy: "own",
    bytesMax: attempt.bytesMax,
    rateBytesPerS: kbpsToRate(target.input.budgetKbps),
    codec: target.input.codec,
    handshake: handshakeOf(connected),
    keepOpen: attempt.onOpen !== undefined,
    onRest: (isResting) => {
      attempt.onRest?.(isResting);
      if (!isResting) return;
      for (const told of restWaiters.splice(0)) told();
    },
    onProgress: (progress) =>
      attempt.onProgress(progress, transport.sentBytes, transport.receivedBytes),
    onReport: attempt.onReport,
  });
  attempt.onOpen?.(openLink({ host, transport, peer, ended, restWaiters }));
  const summary = await endWith(ended, attempt.signal, () => {
    host.finish();
    setTimeout(() => transport.destroy(), goodbyeMs).unref();
  });
  return {
    peer: peer.nodeId,
    summary,
    sentBytes: transport.sentBytes,
    receivedBytes: transport.receivedBytes,
    error: summary.error,
  };
}

function openLink(parts: {
  readonly host: SessionHost;
  readonly transport: SocketTransport;
  readonly peer: PeerIdentity;
  readonly ended: Promise<SessionSummary>;
  readonly restWaiters: (() => void)[];
}): OpenLink {
  const { host, transport, peer, ended, restWaiters } = parts;
  return {
    peerId: peer.nodeId,
    get isResting() {
      return host.isResting;
    },
    get sentBytes() {
      return transport.sentBytes;
    },
    get receivedBytes() {
      return transport.receivedBytes;
    },
    summary: () => host.summary(),
    probe: () => host.probe(),
    rested: async () => {
      if (host.isResting) return;
      await Promise.race([new Promise<void>((resolve) => restWaiters.push(resolve)), ended]);
    },
  };
}

async function endWith(
  ended: Promise<SessionSummary>,
  signal: AbortSignal,
  onAbort: () => void,
): Promise<SessionSummary> {
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  try {
    return await ended;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** `ping`: one connection, no events. Rejects with Z3xx, Z4xx or Z5xx. */
export async function pingHub(
  target: HubTarget & { readonly input: PingInput },
): Promise<PingSummary> {
  const { input, node } = target;
  const signal = AbortSignal.timeout(input.timeoutMs ?? pingTimeoutMsDefault);
  const connected = await connectHub(target, { hubId: input.hubId, signal });
  const { transport, peer, address } = connected;
  const { host, ended } = hostSession(node, {
    transport,
    peer,
    address,
    isInitiator: true,
    policy: "own",
    pingCount: input.count ?? pingCountDefault,
    keepOpen: false,
  });
  const summary = await endWith(ended, signal, () => {
    host.finish();
    transport.destroy();
  });
  if (summary.error !== undefined) throw summary.error;
  return {
    peer: peer.nodeId,
    address,
    tcpMs: round(connected.tcpMs),
    tlsMs: round(connected.tlsMs),
    isResumed: connected.isResumed,
    roundTripsMs: summary.pingMs.map(round),
    certDaysLeft: readCredentials(target.dataDir, Date.now()).info.daysLeft,
    hubCertDaysLeft: connected.certDaysLeft,
    clockDifferenceMs: summary.clockDifferenceMs ?? 0,
  };
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
