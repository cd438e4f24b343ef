/**
 * The functions that the C host puts into the global object `host`; the other
 * half stands in `host/*.c`. What can fail answers the name of its errno as
 * text ("ENOSPC").
 */
import type { EventCoder } from "../core/codec/event-coder.ts";

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
  /** Of `bytes[from..to)`. */
  crc32(bytes: Uint8Array, seed: number, from: number, to: number): number;

  /** src/core/codec/event-coder.ts, translated to C. Its bytes are copies. */
  readonly EventCoder: typeof EventCoder;
  /** The last three bound its tables, as powers of two. */
  compress(
    bytes: Uint8Array,
    dictionary: Uint8Array,
    windowLog: number,
    hashLog: number,
    chainLog: number,
  ): Uint8Array;
  decompress(bytes: Uint8Array, dictionary: Uint8Array, sizeBytes: number): Uint8Array | null;

  isUtf8(bytes: Uint8Array): boolean;
  /** Null when they are no UTF-8. */
  utf8ToText(bytes: Uint8Array): string | null;
  textToUtf8(text: string): Uint8Array;
  latin1ToText(bytes: Uint8Array): string;
  bytesToBase64(bytes: Uint8Array): string;
  base64ToBytes(text: string): Uint8Array | null;

  /** A descriptor. */
  fileOpen(path: string, flags: string, mode: number): number | string;
  /** Bytes read: fewer than `out` holds only at the end of the file. */
  fileRead(fd: number, offset: number, out: Uint8Array): number | string;
  fileWrite(fd: number, offset: number, bytes: Uint8Array): string | undefined;
  fileTruncate(fd: number, sizeBytes: number): string | undefined;
  fileStat(fd: number): FileFacts | string;
  fileSync(fd: number, isDataOnly: boolean): string | undefined;
  fileMode(fd: number, mode: number): string | undefined;
  fileClose(fd: number): void;
  folderList(path: string): readonly string[] | string;
  folderMake(path: string, mode: number): string | undefined;
  /** The path, or an errno, which begins with "E". */
  folderMakeTemporary(prefix: string): string;
  folderSpace(path: string): { readonly bsize: number; readonly bavail: number } | string;
  pathStat(path: string, isFollowed: boolean): FileFacts | string;
  pathMode(path: string, mode: number): string | undefined;
  /** The path, which begins with "/", or an errno. */
  pathReal(path: string): string;
  pathRename(from: string, to: string): string | undefined;
  pathRemove(path: string, isFolder: boolean): string | undefined;
  workingFolder(): string;
  /** A descriptor that holds the lock until it is closed; "EAGAIN": another process has it. */
  directoryLock(path: string): number | string;
  lockHolder(path: string): boolean | string;

  /**
   * Connections are numbers. What happens to them is told by `wait`, as id, event,
   * id, event …; an ended one is told until it is released.
   */
  connect(host: string, port: string): number | string;
  listen(host: string, port: string): number | string;
  listenLocal(path: string): number | string;
  connectLocal(path: string): number | string;
  localPort(id: number): number | string;
  remoteAddress(id: number): string;
  setKeepAlive(id: number, isWanted: boolean, afterS: number): void;
  wait(timeoutMs: number): readonly number[];
  /** Queues; false when the connection is over, or 4 MiB wait already. */
  write(id: number, bytes: Uint8Array): boolean;
  /** 0: nothing now; -1: the end. */
  read(id: number, out: Uint8Array): number;
  setReading(id: number, isWanted: boolean): void;
  /** Bytes that a plain connection has to read; -1 when it is none any more. */
  peek(id: number): number;
  /** After what was written has left, our end; `wait` tells of that as `flushed`. */
  closeGently(id: number): void;
  release(id: number): void;
  connectionFacts(id: number): ConnectionFacts;
  /** As in ConnectionFacts, without the rest. */
  countBytes(id: number, which: "sent" | "received" | "queued"): number;
  /** Whether the text is an IPv4 or IPv6 address. */
  isAddress(text: string): boolean;
  /** From now on SIGINT and SIGTERM come through `wait`, as signal number and event. */
  catchSignals(): void;
  watchInput(isWanted: boolean): void;

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
  /** The newest that the server gave since this was last asked: its bytes on the wire (u32), then the session. */
  ticket(id: number): Uint8Array | null;

  /** Null when it cannot be read. Who signed it, and dates, are not looked at. */
  certificateFacts(pem: string): CertificateFacts | null;
  certificateIsIssuedBy(pem: string, authorityPem: string): boolean;
  keyMake(): string;
  /** Null when it cannot be read. */
  keyToSpki(keyPem: string): Uint8Array | null;
  requestMake(subject: string, uri: string, keyPem: string): string;
  requestRead(pem: string): RequestFacts | null;
  authorityMake(subject: string, serial: Uint8Array, notAfter: string, keyPem: string): string;
  certificateMake(
    uri: string,
    isServer: boolean,
    serial: Uint8Array,
    notAfter: string,
    spki: Uint8Array,
    authorityPem: string,
    authorityKeyPem: string,
  ): string;

  /** A process, its standard streams as connections; `environment` as "NAME=VALUE". */
  childStart(
    words: readonly string[],
    environment: readonly string[],
    folder: string,
    isApart: boolean,
  ): ChildFacts | string;
  childSignal(pid: number, signal: number): boolean;
  /** Null while it runs; then, once, its exit status, or less than 0 the signal that ended it. */
  childEnd(pid: number): number | null;

  /** Another of the program's scripts, by name; the bundle has `import()` as calls of it. */
  load(name: string): Promise<unknown>;

  wallMs(): number;
  steadyMs(): number;
  /** Since the machine started. */
  upMs(): number;
  environment(): Readonly<Record<string, string>>;
  /** False when nobody reads any more. */
  print(fd: 1 | 2, text: string): boolean;
  readInput(out: Uint8Array): number | string;
  isTerminal(fd: number): boolean;
  terminalColumns(fd: number): number;
  exit(status: number): never;
  readonly processId: number;
  /** The first word of the command line; a path where it was started by one. */
  readonly calledAs: string;
  readonly arguments: readonly string[];
  /** The process's exit status, read when nothing is left to do. */
  exitStatus: number;
  /** Called again and again: one thing that is due, or false when nothing is left to wait for. */
  turn: () => boolean;
  /** A promise was refused, and nobody handles it. */
  onRejected: (reason: unknown) => void;
}

export interface FileFacts {
  readonly kind: "file" | "folder" | "link" | "other";
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly mtimeMs: number;
  /** These three as digits: they do not fit a double. */
  readonly ino: string;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
}

export interface ChildFacts {
  readonly pid: number;
  readonly input: number;
  readonly output: number;
  readonly errors: number;
}

export interface RequestFacts {
  readonly isP256: boolean;
  /** By the key that is in it. */
  readonly isSigned: boolean;
  /** Null when it has no alternative names, "" when they are others than one URI. */
  readonly uri: string | null;
  readonly commonName: string;
  readonly spki: Uint8Array;
}

/** Who a peer is: from its certificate, or on a resumed session from the server's ticket. */
export interface PeerFacts {
  /** The certificate's one alternative name, or "". */
  readonly uri: string;
  /** Our CA signed it. */
  readonly isIssued: boolean;
  /** It is a CA's itself. */
  readonly isAuthority: boolean;
  /** Extended key usages. */
  readonly isServer: boolean;
  readonly isClient: boolean;
  readonly notAfterMs: number;
  /** SHA-256 of the public key (SPKI). */
  readonly keyFingerprint: Uint8Array;
}

/** `isIssued` says nothing here. */
export interface CertificateFacts extends PeerFacts {
  readonly serial: Uint8Array;
  /** DER. */
  readonly spki: Uint8Array;
  /** SHA-256 of the certificate. */
  readonly fingerprint: Uint8Array;
}

export interface ConnectionFacts {
  /** The listening place that it came in by, or -1. */
  readonly listener: number;
  /** On the TCP socket, TLS included. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly queuedBytes: number;
  readonly isResumed: boolean;
  /** As Node's error codes; "" while all is well, and after a clean end. */
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
  flushed: 8,
  input: 9,
} as const;

export const noTicket: Uint8Array = new Uint8Array(0);

export const host: HostFunctions = (globalThis as unknown as { host: HostFunctions }).host;
