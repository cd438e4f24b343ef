/**
 * The functions that the C host puts into the global object `host`; the other
 * half stands in `host/*.c`. Calls on files answer a `FileFaultKind` as text
 * when they fail.
 */
export interface HostFunctions {
  randomBytes(sizeBytes: number): Uint8Array;
  sha256(bytes: Uint8Array): Uint8Array;
  /** A running hash: its state, which the two others change and read. */
  sha256Start(): Uint8Array;
  sha256Update(state: Uint8Array, bytes: Uint8Array): void;
  sha256Digest(state: Uint8Array): Uint8Array;
  hkdfSha256(key: Uint8Array, salt: Uint8Array, info: Uint8Array, sizeBytes: number): Uint8Array;
  seal(
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
    out: Uint8Array,
    outOffset: number,
  ): void;
  /** Null when the tag does not fit. */
  open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | null;
  crc32(bytes: Uint8Array, seed: number): number;

  compress(bytes: Uint8Array, dictionary: Uint8Array): Uint8Array;
  decompress(bytes: Uint8Array, dictionary: Uint8Array, sizeBytes: number): Uint8Array | null;

  /** A descriptor. */
  fileOpen(path: string, mode: string): number | string;
  /** Bytes read: fewer than `out` holds only at the end of the file. */
  fileRead(fd: number, offset: number, out: Uint8Array): number | string;
  fileWrite(fd: number, offset: number, bytes: Uint8Array): string | undefined;
  fileTruncate(fd: number, sizeBytes: number): string | undefined;
  fileSize(fd: number): number | string;
  fileSync(fd: number): string | undefined;
  fileClose(fd: number): void;
  folderList(path: string, wanted: "file" | "folder"): readonly string[] | string;
  folderMake(path: string): string | undefined;
  folderSync(path: string): string | undefined;
  folderFreeBytes(path: string): number | string;
  pathKind(path: string): "file" | "folder" | "other" | "none";
  pathRename(from: string, to: string): string | undefined;
  pathRemove(path: string): string | undefined;

  /**
   * Connections are numbers. What happens to them is told by `wait`, as id, event,
   * id, event …; an ended one is told until it is released.
   */
  connect(host: string, port: string): number | string;
  /** "exists": the port is taken; "notFound": no address of this machine. */
  listen(host: string, port: string): number | string;
  listenLocal(path: string): number | string;
  connectLocal(path: string): number | string;
  localPort(id: number): number | string;
  remoteAddress(id: number): string;
  wait(timeoutMs: number): readonly number[];
  /** Queues; false when the connection is over, or 4 MiB wait already. */
  write(id: number, bytes: Uint8Array): boolean;
  /** 0: nothing now; -1: the end. */
  read(id: number, out: Uint8Array): number;
  setReading(id: number, isWanted: boolean): void;
  closeGently(id: number): void;
  release(id: number): void;
  connectionFacts(id: number): ConnectionFacts;
  /** From now on SIGINT and SIGTERM come through `wait`, as signal number and event. */
  catchSignals(): void;

  /** Null when one of the PEM texts cannot be read. `ticketKey`: 32 bytes, kept across restarts by a server. */
  tlsContext(
    isServer: boolean,
    keyPem: string,
    certificatePem: string,
    authorityPem: string,
    ticketKey: Uint8Array,
  ): number | null;
  /** Begins TLS 1.3, with certificates on both sides. `ticket` may be empty. */
  secure(id: number, context: number, ticket: Uint8Array): void;
  /** The newest that the server gave. */
  ticket(id: number): Uint8Array | null;
  /** Null when one of the two cannot be read. Dates are not looked at. */
  certificateFacts(pem: string, authorityPem: string): CertificateFacts | null;
  makeIdentity(subject: string, uri: string): { readonly keyPem: string; readonly csrPem: string };

  wallMs(): number;
  steadyMs(): number;
  environment(name: string): string | null;
  /** False when nobody reads any more. */
  print(fd: 1 | 2, text: string): boolean;
  readInput(out: Uint8Array): number | string;
  isTerminal(fd: number): boolean;
  readonly arguments: readonly string[];
  /** The process's exit status, read when nothing is left to do. */
  exitStatus: number;
}

/** Who a peer is: from its certificate, or on a resumed session from the server's ticket. */
export interface PeerFacts {
  /** The certificate's one alternative name. */
  readonly uri: string;
  /** Extended key usages. */
  readonly isServer: boolean;
  readonly isClient: boolean;
  readonly notAfterMs: number;
  /** SHA-256 of the public key (SPKI). */
  readonly keyFingerprint: Uint8Array;
}

export interface CertificateFacts extends PeerFacts {
  /** The authority signed it, and it is no CA itself. */
  readonly isIssued: boolean;
  readonly serial: Uint8Array;
}

export interface ConnectionFacts {
  /** On the TCP socket, TLS included. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly queuedBytes: number;
  readonly isResumed: boolean;
  /** "" while all is well, and after a clean end. */
  readonly error: string;
  /** Null before the handshake is over, and at the client of a resumed session, who keeps it with the ticket. */
  readonly peer: PeerFacts | null;
}

/** What `wait` tells; the numbers stand in `host/connection.h` as well. */
export const hostEvent = {
  accepted: 1,
  connected: 2,
  secured: 3,
  readable: 4,
  drained: 5,
  ended: 6,
  signal: 7,
} as const;

export const noTicket: Uint8Array = new Uint8Array(0);

export const host: HostFunctions = (globalThis as unknown as { host: HostFunctions }).host;
