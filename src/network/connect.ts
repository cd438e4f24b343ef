/**
 * Connecting to a hub: TCP, TLS, and the decision whether it is one, each
 * within its own time limit. When the promise resolves nothing has been sent
 * but the handshake, and what is written in the same turn leaves in the same
 * flight as the end of it.
 *
 * On a resumed session the hub's identity is the one kept with the ticket: only
 * the holder of the hub's ticket key can resume, and the ticket was issued in a
 * session in which the hub's certificate was checked.
 */
import type { X509Certificate } from "node:crypto";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTlsSocket, type TLSSocket } from "node:tls";
import { ZamError } from "../core/errors/zam-error.ts";
import type { PeerIdentity } from "../core/session/api.ts";
import type { TlsCredentials } from "../core/session/credentials.ts";
import { formatAddress, type PeerAddress } from "./address.ts";
import { toNetworkError } from "./socket-errors.ts";
import { idleTimeoutMsDefault, keepAliveMs, SocketTransport } from "./socket-transport.ts";
import { ticketRecordSize } from "./ticket-record.ts";
import type { StoredTicket, TicketStore } from "./ticket-store.ts";
import { type CertificateJudge, createClientContext } from "./tls-profile.ts";

/** Name lookup and TCP: with a round trip of 2.5 s this lets the second and third SYN through. */
const connectTimeoutMsDefault = 20_000;
/** A full handshake is 6 KB both ways: 8 s at 3 KB/s with a round trip of 2.5 s, and some losses. */
const handshakeTimeoutMsDefault = 30_000;
/** Before the next address of the same name is tried. Node's default of 250 ms gives up on every slow link. */
const familyAttemptTimeoutMs = 6_000;
const dayMs = 86_400_000;

export interface ConnectOptions {
  readonly address: PeerAddress;
  readonly credentials: TlsCredentials;
  /** Judges the hub's certificate of a full handshake. */
  readonly judge: CertificateJudge;
  /** Tickets of another hub are not used. */
  readonly expectedHubId?: string | undefined;
  /** Without it every handshake is a full one. */
  readonly tickets?: TicketStore | undefined;
  readonly connectTimeoutMs?: number | undefined;
  readonly handshakeTimeoutMs?: number | undefined;
  readonly idleTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Wall clock; only for `certDaysLeft`. Default `Date.now`. */
  readonly nowMs?: (() => number) | undefined;
  readonly onPhase?: ((phase: "connecting" | "handshake") => void) | undefined;
  /** What an attempt that failed has cost on the TCP socket. */
  readonly onFailedBytes?: ((sentBytes: number, receivedBytes: number) => void) | undefined;
}

export interface ConnectedHub {
  readonly transport: SocketTransport;
  readonly peer: PeerIdentity;
  /** Of the hub's certificate. */
  readonly certDaysLeft: number;
  readonly isResumed: boolean;
  /** HOST:PORT as asked for. */
  readonly address: string;
  readonly tcpMs: number;
  readonly tlsMs: number;
  /** Of both: time in which this process was busy. */
  readonly computedMs: number;
}

/** Rejects with Z401 to Z407, Z316, Z317, Z318 or Z320; then nothing but the handshake was sent. */
export async function connectTls(options: ConnectOptions): Promise<ConnectedHub> {
  const address = formatAddress(options.address);
  const startedMs = performance.now();
  const startedLoad = performance.eventLoopUtilization();
  const raw = connectTcp({
    host: options.address.host,
    port: options.address.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveMs,
    autoSelectFamilyAttemptTimeout: familyAttemptTimeoutMs,
  });
  try {
    options.onPhase?.("connecting");
    await waitForTcp(raw, options, address);
    const tcpMs = performance.now() - startedMs;
    options.onPhase?.("handshake");
    const shaken = await shakeHands(raw, options, address);
    const tlsMs = performance.now() - startedMs - tcpMs;
    const computedMs = performance.eventLoopUtilization(startedLoad).active;
    return { ...shaken, address, tcpMs, tlsMs, computedMs };
  } catch (error) {
    options.onFailedBytes?.(raw.bytesWritten, raw.bytesRead);
    raw.on("error", ignore);
    raw.destroy();
    throw error;
  }
}

function waitForTcp(raw: Socket, options: ConnectOptions, address: string): Promise<void> {
  const timeoutMs = options.connectTimeoutMs ?? connectTimeoutMsDefault;
  const { host } = options.address;
  return withLimits<void>({
    timeoutMs,
    timeoutError: () => new ZamError("Z404", { address, timeoutMs }),
    signal: options.signal,
    address,
    start: (resolve, reject) => {
      const onError = (cause: unknown): void =>
        reject(toNetworkError(cause, { phase: "connecting", address, host }));
      raw.once("error", onError);
      raw.once("connect", () => {
        raw.off("error", onError);
        resolve();
      });
    },
  });
}

interface Shaken {
  readonly transport: SocketTransport;
  readonly peer: PeerIdentity;
  readonly certDaysLeft: number;
  readonly isResumed: boolean;
}

function shakeHands(raw: Socket, options: ConnectOptions, address: string): Promise<Shaken> {
  const timeoutMs = options.handshakeTimeoutMs ?? handshakeTimeoutMsDefault;
  const ticket = usableTicket(options, address);
  const tls = connectTlsSocket({
    socket: raw,
    secureContext: createClientContext(options.credentials, { hasTicket: ticket !== undefined }),
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(ticket === undefined ? {} : { session: Buffer.from(ticket.session) }),
  });
  return withLimits<Shaken>({
    timeoutMs,
    timeoutError: () => new ZamError("Z405", { address, timeoutMs }),
    signal: options.signal,
    address,
    start: (resolve, reject) => {
      const onError = (cause: unknown): void =>
        reject(toNetworkError(cause, { phase: "handshake", address }));
      raw.on("error", onError);
      tls.on("error", onError);
      tls.once("close", () => onError(new Error("it was closed")));
      const session = watchSessions(tls);
      tls.once("secureConnect", () => {
        raw.off("error", onError);
        const handshakeBytes = raw.bytesRead;
        const found = identify(tls, { options, address, ticket });
        if (found instanceof ZamError) {
          reject(found);
          return;
        }
        const isFresh = ticket === undefined || found.isResumed;
        // A full handshake that was meant to be a resumption had no hybrid secret: the next one is to have it.
        if (isFresh) session.keepIn(options.tickets, address, found);
        else options.tickets?.forget(address);
        const transport = new SocketTransport({
          tls,
          raw,
          address,
          idleTimeoutMs: options.idleTimeoutMs ?? idleTimeoutMsDefault,
          earlyEndError: () => {
            const afterBytes = raw.bytesRead - handshakeBytes;
            return session.isCleanEnd(afterBytes)
              ? new ZamError("Z320", { address })
              : new ZamError("Z407", { address, reason: "the hub ended it at once" });
          },
        });
        tls.off("error", onError);
        const { peer, certDaysLeft, isResumed } = found;
        resolve({ transport, peer, certDaysLeft, isResumed });
      });
    },
  });
}

function usableTicket(options: ConnectOptions, address: string): StoredTicket | undefined {
  const ticket = options.tickets?.load(address);
  const { expectedHubId } = options;
  const isOther = expectedHubId !== undefined && ticket?.peer.nodeId !== expectedHubId;
  return isOther ? undefined : ticket;
}

interface Identified {
  readonly peer: PeerIdentity;
  readonly certDaysLeft: number;
  readonly notAfterMs: number;
  readonly isResumed: boolean;
}

function identify(
  tls: TLSSocket,
  input: {
    readonly options: ConnectOptions;
    readonly address: string;
    readonly ticket: StoredTicket | undefined;
  },
): Identified | ZamError {
  const { options, address, ticket } = input;
  if (tls.isSessionReused()) {
    if (ticket === undefined) {
      return new ZamError("Z406", { address, reason: "it resumed a session that never was" });
    }
    const nowMs = (options.nowMs ?? Date.now)();
    const certDaysLeft = Math.floor((ticket.notAfterMs - nowMs) / dayMs);
    return { peer: ticket.peer, certDaysLeft, notAfterMs: ticket.notAfterMs, isResumed: true };
  }
  const certificate: X509Certificate | undefined = tls.getPeerX509Certificate();
  const verdict = options.judge(certificate, address);
  if (verdict.kind !== "trusted") return verdict.error;
  const notAfterMs = certificate === undefined ? 0 : Date.parse(certificate.validTo);
  return { peer: verdict.peer, certDaysLeft: verdict.certDaysLeft, notAfterMs, isResumed: false };
}

interface SessionWatch {
  /** Tickets may arrive before or after the hub is known; they are kept once it is. */
  keepIn(tickets: TicketStore | undefined, address: string, hub: Identified): void;
  /**
   * True when the bytes since the handshake are tickets and one close_notify,
   * exactly: the hub ended on purpose and without a word, as it does with a
   * stranger. A hub that was killed leaves no close_notify behind.
   */
  isCleanEnd(afterBytes: number): boolean;
}

/** TLS record with an alert of 2 bytes: header 5, content type 1, tag 16 (RFC 8446, 5.2 and 6). */
const closeNotifyBytes = 24;

function watchSessions(tls: TLSSocket): SessionWatch {
  let latest: Buffer | undefined;
  let keep: ((session: Buffer) => void) | undefined;
  let ticketRecordBytes = 0;
  tls.on("session", (session: Buffer) => {
    latest = session;
    ticketRecordBytes += ticketRecordSize(session);
    keep?.(session);
  });
  return {
    keepIn(tickets, address, hub) {
      if (tickets === undefined) return;
      const { peer, notAfterMs } = hub;
      keep = (session) => tickets.save(address, { session, peer, notAfterMs });
      if (latest !== undefined) keep(latest);
    },
    isCleanEnd: (afterBytes) => afterBytes === ticketRecordBytes + closeNotifyBytes,
  };
}

interface Limits<T> {
  readonly timeoutMs: number;
  readonly timeoutError: () => ZamError;
  readonly signal: AbortSignal | undefined;
  readonly address: string;
  readonly start: (resolve: (value: T) => void, reject: (error: ZamError) => void) => void;
}

function withLimits<T>(limits: Limits<T>): Promise<T> {
  const { timeoutMs, timeoutError, signal, address, start } = limits;
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    const fail = (error: ZamError): void => {
      stop();
      reject(error);
    };
    const onAbort = (): void =>
      fail(new ZamError("Z401", { address, reason: "it was called off" }));
    const timer = setTimeout(() => fail(timeoutError()), timeoutMs);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted === true) return onAbort();
    start((value) => {
      stop();
      resolve(value);
    }, fail);
  });
}

function ignore(): void {
  // The attempt has failed already, with a reason.
}
