/**
 * A hub's listening side: accepts TCP, limits strangers, shakes hands, judges
 * certificates, and hands over peers one by one as there is room for them.
 *
 * Nothing that a peer sends is read before it was judged and admitted. A peer
 * without a certificate gets a TLS alert from the handshake itself; any other
 * stranger gets a clean close and no word; a peer of ours that is refused goes
 * to `onRefused`, which may write one frame that says why.
 */
import type { X509Certificate } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { ZamError } from "../core/errors/zam-error.ts";
import type { PeerIdentity } from "../core/session/api.ts";
import type { TlsCredentials } from "../core/session/credentials.ts";
import { formatAddress, type PeerAddress } from "./address.ts";
import { ListeningClock } from "./listening-clock.ts";
import { Admission, type AdmissionEffect, type AdmissionLimits } from "./admission.ts";
import { toListenError, toNetworkError } from "./socket-errors.ts";
import { idleTimeoutMsDefault, keepAliveMs, SocketTransport } from "./socket-transport.ts";
import { type StrangerEffect, type StrangerLimits, Strangers } from "./strangers.ts";
import { type CertificateJudge, createServerContext } from "./tls-profile.ts";

/** A ClientHello with a hybrid key share and a ticket is about 3 KB. More than this before it has its turn is no such thing. */
const knockBytesMax = 8 * 1024;
/** Time that sessions have to say goodbye when the server closes. */
const closeGraceMsDefault = 15_000;

/** A peer that is trusted and has a place. Its transport is not read until `listen`. */
export interface AcceptedPeer {
  readonly transport: SocketTransport;
  readonly peer: PeerIdentity;
  /** Of the peer's certificate. */
  readonly certDaysLeft: number;
  readonly isResumed: boolean;
  readonly address: string;
  /** Its HELLO was accepted. */
  greeted(): void;
  /** Nothing left to do; the connection stays open. Frees the place for another. */
  becameIdle(): void;
  /** Something to do again. */
  becameBusy(): void;
}

/** A peer of ours that may not come in. Write one frame, then `transport.close()`; never `listen`. */
export interface RefusedPeer {
  readonly transport: SocketTransport;
  readonly nodeId: string;
  readonly error: ZamError;
  readonly address: string;
}

export interface TlsServerOptions {
  readonly bind: PeerAddress;
  readonly credentials: TlsCredentials;
  /** 48 bytes, kept across restarts. */
  readonly ticketKey: Uint8Array;
  /** Asked on every connection, resumed ones included. */
  readonly judge: CertificateJudge;
  readonly limits?: Partial<AdmissionLimits & StrangerLimits> | undefined;
  /** Of admitted peers. */
  readonly idleTimeoutMs?: number | undefined;
  /** Called when a peer was admitted, perhaps long after its handshake. */
  readonly onPeer: (peer: AcceptedPeer) => void;
  readonly onRefused: (refused: RefusedPeer) => void;
  /** For the hub's log: strangers, failed handshakes, connections let go. */
  readonly onReport?: ((error: ZamError, address: string) => void) | undefined;
}

export interface TlsServer {
  readonly address: PeerAddress;
  /**
   * Judges all live peers again, after a revocation. Returns those that are no
   * longer trusted; ending their sessions is the caller's.
   */
  recheck(): readonly RefusedPeer[];
  /** How many connections are in which place. */
  counts(): PlaceCounts;
  /** Stops listening, drops who was not admitted, waits for the others, then drops them too. */
  close(graceMs?: number): Promise<void>;
}

export type PlaceCounts = ReturnType<Strangers["counts"]> & ReturnType<Admission["counts"]>;

/** Rejects with Z410. */
export async function createTlsServer(options: TlsServerOptions): Promise<TlsServer> {
  const connections = new Connections(options);
  const server = createServer({
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveMs,
    // Of what comes before the handshake begins; TLS reads past this buffer.
    highWaterMark: knockBytesMax,
  });
  server.on("connection", (raw) => connections.accept(raw));
  const address = await listen(server, options.bind);
  return {
    address,
    recheck: () => connections.recheck(),
    counts: () => connections.counts(),
    close: (graceMs = closeGraceMsDefault) => connections.close(server, graceMs),
  };
}

function listen(server: Server, bind: PeerAddress): Promise<PeerAddress> {
  return new Promise((resolve, reject) => {
    const onError = (cause: unknown): void => reject(toListenError(cause, formatAddress(bind)));
    server.once("error", onError);
    server.listen({ host: bind.host, port: bind.port }, () => {
      server.off("error", onError);
      const bound = server.address();
      const port = typeof bound === "object" && bound !== null ? bound.port : bind.port;
      resolve({ host: bind.host, port });
    });
  });
}

interface Connection {
  readonly id: number;
  readonly raw: Socket;
  readonly address: string;
  /** Called once, when it is its turn. */
  beginHandshake: () => void;
  /** From the end of the handshake on. */
  transport: SocketTransport | undefined;
  /** Set for trusted peers until they are admitted. */
  admit: (() => void) | undefined;
  certificate: X509Certificate | undefined;
  nodeId: string;
  heardBytes: number;
}

class Connections {
  private readonly options: TlsServerOptions;
  private readonly context: ReturnType<typeof createServerContext>;
  private readonly strangers: Strangers;
  /** What is judged by it: who has been silent. */
  private readonly clock = new ListeningClock();
  private readonly admission: Admission;
  private readonly byId = new Map<number, Connection>();
  private nextId = 1;
  private timer: NodeJS.Timeout | undefined;
  private isClosing = false;

  constructor(options: TlsServerOptions) {
    this.options = options;
    this.context = createServerContext(options.credentials, options.ticketKey);
    this.strangers = new Strangers(options.limits);
    this.admission = new Admission(options.limits);
  }

  accept(raw: Socket): void {
    const host = (raw.remoteAddress ?? "").replace(/^::ffff:/, "");
    if (this.isClosing || host === "") {
      raw.destroy();
      return;
    }
    const address = formatAddress({ host, port: raw.remotePort ?? 0 });
    const connection: Connection = {
      id: this.nextId++,
      raw,
      address,
      beginHandshake: () => undefined,
      transport: undefined,
      admit: undefined,
      certificate: undefined,
      nodeId: "",
      heardBytes: 0,
    };
    this.byId.set(connection.id, connection);
    this.strangers.connected(connection.id, { address: host, nowMs: this.clock.nowMs() });
    raw.once("close", () => this.gone(connection));
    this.awaitKnock(connection);
    this.carryOut();
  }

  recheck(): readonly RefusedPeer[] {
    const refused: RefusedPeer[] = [];
    for (const { transport, certificate, address, nodeId } of this.byId.values()) {
      if (transport === undefined || certificate === undefined || transport.isClosed) continue;
      const verdict = this.options.judge(certificate, address);
      if (verdict.kind !== "trusted")
        refused.push({ transport, nodeId, address, error: verdict.error });
    }
    return refused;
  }

  counts(): PlaceCounts {
    return { ...this.strangers.counts(), ...this.admission.counts() };
  }

  async close(server: Server, graceMs: number): Promise<void> {
    this.isClosing = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const connection of this.byId.values()) {
      if (connection.transport === undefined || connection.admit !== undefined) {
        this.drop(connection);
      }
    }
    const timer = setTimeout(() => {
      for (const connection of this.byId.values()) this.drop(connection);
    }, graceMs);
    await closed;
    clearTimeout(timer);
    clearTimeout(this.timer);
  }

  /** The handshake takes memory, so it waits for the first bytes, and then for its turn. */
  private awaitKnock(connection: Connection): void {
    const { id, raw } = connection;
    const onError = (): void => void raw.destroy();
    const onReadable = (): void => {
      // Nothing to read: it has ended. Port scanners and health checks come and go without a word.
      if (raw.readableLength === 0 || raw.readableLength > knockBytesMax) raw.destroy();
      else this.strangers.knocked(id, this.clock.nowMs());
      this.carryOut();
    };
    connection.beginHandshake = () => {
      raw.off("readable", onReadable);
      raw.off("error", onError);
      this.shakeHands(connection);
    };
    raw.on("error", onError);
    raw.on("readable", onReadable);
  }

  private shakeHands(connection: Connection): void {
    const { raw, address } = connection;
    const tls = new TLSSocket(raw, {
      isServer: true,
      secureContext: this.context,
      requestCert: true,
      // For TLS this means only: no certificate, no handshake. Whose it is, the judge decides.
      rejectUnauthorized: true,
    });
    const onError = (cause: unknown): void => {
      this.report(toNetworkError(cause, { phase: "handshake", address }), address);
      raw.destroy();
    };
    tls.on("error", onError);
    raw.on("error", onError);
    tls.once("secure", () => {
      tls.off("error", onError);
      raw.off("error", onError);
      this.judge(connection, tls);
      this.carryOut();
    });
  }

  private judge(connection: Connection, tls: TLSSocket): void {
    const { raw, address } = connection;
    const certificate: X509Certificate | undefined = tls.getPeerX509Certificate();
    const verdict = this.options.judge(certificate, address);
    // A peer that waits may be silent; the clock starts when it is admitted.
    const transport = new SocketTransport({ tls, raw, address, idleTimeoutMs: 0 });
    connection.transport = transport;
    this.strangers.left(connection.id, this.clock.nowMs());
    switch (verdict.kind) {
      case "stranger":
        this.report(verdict.error, address);
        transport.close();
        return;
      case "refused": {
        const { nodeId, error } = verdict;
        this.report(error, address);
        this.options.onRefused({ transport, nodeId, error, address });
        return;
      }
      case "trusted": {
        const { peer, certDaysLeft } = verdict;
        const isResumed = tls.isSessionReused();
        connection.certificate = certificate;
        connection.nodeId = peer.nodeId;
        connection.admit = () => this.handOver(connection, { peer, certDaysLeft, isResumed });
        this.noteProgress();
        const { nodeId } = peer;
        this.admission.authenticated(connection.id, { nodeId, nowMs: this.clock.nowMs() });
      }
    }
  }

  private handOver(
    connection: Connection,
    found: {
      readonly peer: PeerIdentity;
      readonly certDaysLeft: number;
      readonly isResumed: boolean;
    },
  ): void {
    const { id, transport, address } = connection;
    connection.admit = undefined;
    if (transport === undefined || transport.isClosed) return;
    // It may have waited long: what was true at its handshake need not be true now.
    const verdict = this.options.judge(connection.certificate, address);
    if (verdict.kind !== "trusted") {
      const { nodeId } = connection;
      const { error } = verdict;
      this.report(error, address);
      this.options.onRefused({ transport, nodeId, error, address });
      return;
    }
    transport.setIdleTimeout(this.options.idleTimeoutMs ?? idleTimeoutMsDefault);
    this.options.onPeer({
      ...found,
      transport,
      address,
      greeted: () => this.admission.greeted(id, this.clock.nowMs()),
      becameIdle: () => {
        this.noteProgress();
        this.admission.becameIdle(id, this.clock.nowMs());
        this.carryOut();
      },
      becameBusy: () => {
        this.admission.becameBusy(id, this.clock.nowMs());
        this.carryOut();
      },
    });
  }

  private gone(connection: Connection): void {
    if (!this.byId.delete(connection.id)) return;
    this.noteProgress();
    this.strangers.left(connection.id, this.clock.nowMs());
    this.admission.closed(connection.id, this.clock.nowMs());
    this.carryOut();
  }

  private nextEffect(): StrangerEffect | AdmissionEffect | undefined {
    return this.strangers.pollEffect() ?? this.admission.pollEffect();
  }

  /** Carries effects out until there are none; these calls may come back here. */
  private carryOut(): void {
    for (let effect = this.nextEffect(); effect; effect = this.nextEffect()) {
      const connection = this.byId.get(effect.id);
      if (connection === undefined) continue;
      if (effect.kind === "shake") {
        connection.beginHandshake();
        continue;
      }
      if (effect.kind === "admit") {
        connection.admit?.();
        continue;
      }
      const { address } = connection;
      const error = new ZamError("Z411", { address, reason: effect.reason });
      this.report(error, address);
      this.drop(connection, error);
    }
    this.armTimer();
  }

  private drop(connection: Connection, error?: ZamError): void {
    if (connection.transport === undefined) connection.raw.destroy();
    else connection.transport.destroy(error);
  }

  private noteProgress(): void {
    const nowMs = this.clock.nowMs();
    for (const connection of this.byId.values()) {
      const heardBytes = connection.raw.bytesRead;
      if (heardBytes === connection.heardBytes) continue;
      connection.heardBytes = heardBytes;
      this.admission.progressed(connection.id, nowMs);
    }
  }

  private armTimer(): void {
    clearTimeout(this.timer);
    const deadlineMs = Math.min(
      this.strangers.nextDeadlineMs() ?? Number.POSITIVE_INFINITY,
      this.admission.nextDeadlineMs() ?? Number.POSITIVE_INFINITY,
    );
    if (deadlineMs === Number.POSITIVE_INFINITY) return;
    this.timer = setTimeout(
      () => {
        this.noteProgress();
        this.strangers.tick(this.clock.nowMs());
        this.admission.tick(this.clock.nowMs());
        this.carryOut();
      },
      Math.max(1, deadlineMs - this.clock.nowMs()),
    );
  }

  private report(error: ZamError, address: string): void {
    if (!this.isClosing) this.options.onReport?.(error, address);
  }
}
