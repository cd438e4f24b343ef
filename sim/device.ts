/**
 * One device: a node's identity, its disk, its clock, and what runs on it while
 * it has power. What the oracle knows of it is kept beside it (`view`), because
 * it follows the disk and not the process.
 */
import type { ZamError } from "../src/core/errors/zam-error.ts";
import type { Log } from "../src/core/log/api.ts";
import type { Role } from "../src/core/session/api.ts";
import type { CryptoPort } from "../src/core/ports.ts";
import type { CommitScheduler } from "../src/engine/commit-scheduler.ts";
import type { SessionHost } from "../src/engine/session-host.ts";
import { MemoryStore } from "../src/testing/memory-store.ts";
import type { ConnectionEnd } from "./connection.ts";
import type { PeerFiles } from "./peer-files.ts";
import { DeviceView } from "./device-view.ts";
import { WallClock } from "./wall-clock.ts";

/** What runs on a device between a boot and the next loss of power. */
export interface Process {
  readonly log: Log;
  readonly peers: PeerFiles;
  readonly commits: CommitScheduler;
  readonly sessions: Set<LiveSession>;
  readonly bootedMs: number;
}

export interface LiveSession {
  readonly host: SessionHost;
  readonly end: ConnectionEnd;
  readonly peer: Device;
  isEstablished: boolean;
  /** Nothing of it is stored from now on, and the peer is cut off: it was revoked. */
  readonly refuse: () => void;
}

/** A push that was not acknowledged and is tried again under its key. */
export interface KeyedPush {
  readonly uid: number;
  readonly lane: string;
  readonly payload: Uint8Array;
  readonly key: Uint8Array;
}

/** The files of the data key, by number: the one in its place, and the one that a rekey put beside it. */
export interface DataKeys {
  readonly current: number;
  readonly staged?: number;
}

export interface Image {
  readonly log: MemoryStore;
  readonly peers: MemoryStore;
  /** Destroyed before it was taken. */
  readonly wounds: number;
  readonly eventsAtRisk: number;
  /** The key pair lies on the card too. */
  readonly keyNumber: number;
  readonly dataKeys: DataKeys;
}

export class Device {
  /** Unique in the world; a clone has its node's id and a name of its own. */
  readonly name: string;
  readonly nodeId: string;
  readonly role: Role;
  readonly crypto: CryptoPort;
  readonly clock: WallClock;
  logStore: MemoryStore;
  peerStore: MemoryStore;
  readonly view: DeviceView;
  process: Process | undefined;
  /** Counts boots: what was planned for an earlier one does not happen. */
  life = 0;
  isBootPlanned = false;
  isSyncing = false;
  diskMs: number;
  hasSyncsPlanned = false;
  readonly pendingKeyed: KeyedPush[] = [];
  readonly images: Image[] = [];
  /** Made by `snapshot`; a node restored from one begins an epoch. */
  readonly snapshots: Image[] = [];
  /** Which key pair it has; another one after it was provisioned anew. */
  keyNumber = 0;
  dataKeys: DataKeys = { current: 0 };
  /** When its certificate was revoked. */
  revokedMs: number | undefined;
  /** It speaks the protocol badly on purpose. */
  isHostile = false;
  /** Names that it said itself: an answer may repeat them. */
  readonly saidNames = new Set<string>();
  /** Room is being given back, or the log gets a new key: one at a time, as the engine has it. */
  isCaredFor = false;
  /** Its knowledge of its peer may be older than what happened: a restored card, a clone. */
  isKnowledgeOld = false;
  /** Bits and sectors destroyed on this card. */
  wounds = 0;
  /** Events that its wounds may cost: one for a single bit, no bound for more than that. */
  eventsAtRisk = 0;
  /** An opening that could not end has found a torn tail, and may have cut it. */
  hasCut = false;
  /** What the disk refuses on purpose now; an opening may fail. */
  readonly diskFaults = new Set<string>();
  openFailure: ZamError | undefined;

  constructor(input: {
    readonly name: string;
    readonly nodeId: string;
    readonly role: Role;
    readonly crypto: CryptoPort;
    readonly nowMs: number;
    readonly diskMs: number;
    readonly stores?: Image;
  }) {
    this.name = input.name;
    this.nodeId = input.nodeId;
    this.role = input.role;
    this.crypto = input.crypto;
    this.diskMs = input.diskMs;
    this.clock = new WallClock(input.nowMs);
    this.logStore = input.stores?.log ?? new MemoryStore({ syncs: "queued" });
    this.peerStore = input.stores?.peers ?? new MemoryStore({ syncs: "queued" });
    this.keyNumber = input.stores?.keyNumber ?? 0;
    this.dataKeys = input.stores?.dataKeys ?? { current: 0 };
    this.view = new DeviceView();
  }

  get isUp(): boolean {
    return this.process !== undefined;
  }

  get hasDiskFault(): boolean {
    return this.diskFaults.size > 0;
  }

  get isRevoked(): boolean {
    return this.revokedMs !== undefined;
  }

  /** Another card: an image of one, or an empty one. */
  putCard(image: Image | undefined, nowMs: number): void {
    const fresh = new Device({ ...this, nowMs });
    this.logStore = image?.log.copy() ?? fresh.logStore;
    this.peerStore = image?.peers.copy() ?? fresh.peerStore;
    this.pendingKeyed.length = 0;
    this.isKnowledgeOld = true;
    this.wounds = image?.wounds ?? 0;
    this.eventsAtRisk = image?.eventsAtRisk ?? 0;
    this.keyNumber = image?.keyNumber ?? this.keyNumber;
    this.dataKeys = image?.dataKeys ?? { current: 0 };
    this.diskFaults.clear();
  }

  /** A place of the card was destroyed that can hold this many events. */
  wound(count: number, events: number): void {
    this.eventsAtRisk = this.wounds === 0 ? events : Number.POSITIVE_INFINITY;
    this.wounds += count;
  }

  goDown(): void {
    this.process = undefined;
    this.isSyncing = false;
    this.hasSyncsPlanned = false;
    this.isCaredFor = false;
  }

  healDisk(): void {
    for (const store of [this.logStore, this.peerStore]) {
      store.faults.clear();
      store.capacityBytes = Number.POSITIVE_INFINITY;
      store.isReadOnly = false;
      store.crashAt(Number.POSITIVE_INFINITY);
    }
    this.diskFaults.clear();
  }

  image(): Image {
    const { wounds, eventsAtRisk, keyNumber, dataKeys } = this;
    const [log, peers] = [this.logStore.copy(), this.peerStore.copy()];
    return { log, peers, wounds, eventsAtRisk, keyNumber, dataKeys };
  }
}
