/**
 * The log as its users see it (session, engine, simulator). One writer.
 * Everything readable here is durable: staged records are invisible until the
 * file port has called back (RULES 19).
 *
 * Reads are synchronous and cost the range that is read. Writes are staged at
 * once, written as a group, and reported by callback after fdatasync; writers
 * that arrive while a group is being synced share the next one.
 */
import type { Hlc } from "../clock/hlc.ts";
import type { ZamError } from "../errors/zam-error.ts";
import type { EventContent, StreamId } from "../event.ts";
import type { Floor, SeqRange, StreamIndex, VectorEntry } from "../vector/stream-table.ts";

/** Called once: with nothing when everything staged by that call is durable, or with the reason why it never will be. */
export type Durable = (error?: ZamError) => void;

/** An event to be written by this node. */
export interface NewEvent {
  readonly lane: string;
  readonly type: number;
  readonly payload: Uint8Array;
  /** 16-byte hash of the idempotency key, see `hashIdempotencyKey`. */
  readonly idempotency?: Uint8Array;
}

export interface PushedEvent {
  readonly stream: StreamId;
  readonly seq: number;
  readonly hlc: Hlc;
  /** True when the idempotency key had been used: this is the position of the first event. */
  readonly isRepeat: boolean;
}

export interface StoredEvent extends EventContent {
  readonly stream: StreamId;
  /** Chain of the event before it in its stream, 16 bytes. */
  readonly chainBefore: Uint8Array;
  /** Chain of this event, 16 bytes. */
  readonly chain: Uint8Array;
  /** Position in arrival order, 1, 2, 3 … over the whole log, gaps possible. */
  readonly ordinal: number;
  readonly receivedMs: number;
  /** Node id of the peer that delivered it; "" for own events. */
  readonly receivedFrom: string;
  readonly isQuarantined: boolean;
  /** Length of the whole payload; `payload` is empty and `isFragmented` true when it was stored as fragments. */
  readonly payloadSize: number;
  readonly isFragmented: boolean;
  readonly idempotency?: Uint8Array;
}

/** State of one stream. Heads are durable ones. */
export interface StreamState extends VectorEntry {
  readonly index: StreamIndex;
  /** Change ordinal of the last change to this line of the vector (RULES 30). */
  readonly changeOrdinal: number;
  /** No more events will ever be written here by this node (epoch closed, or re-homed). */
  readonly isClosed: boolean;
  /** Two branches met here; nothing is accepted beyond `head` (RULES 25). */
  readonly isFrozen: boolean;
  /** Ranges declared lost at source; counted neither as holes nor as events. */
  readonly lost: readonly SeqRange[];
}

/** Contiguous events of one stream from one peer, with the framing that proves them (RULES 28). */
export interface ReceivedRange {
  readonly stream: StreamId;
  /** Seq of the first event; the others follow without a gap. */
  readonly from: number;
  readonly events: readonly EventContent[];
  /** First 8 bytes of the chain at `from - 1` and at the last event. */
  readonly chainBefore8: Uint8Array;
  readonly chainAfter8: Uint8Array;
  /** All of the chain at `from - 1` as the peer told it with its floor: a claim, believed when the events then lead to a chain that is known here. */
  readonly claimedBefore?: Uint8Array | undefined;
  readonly receivedFrom: string;
  readonly receivedMs: number;
  /** True on a clinic for what its authenticated hub wrote: its HLC is taken forward without bound (RULES 38). */
  readonly isClockTrusted?: boolean;
}

/** One fragment of the event at `seq` (which must be the next one, or lie in a hole). */
export interface ReceivedFragment {
  readonly stream: StreamId;
  readonly seq: number;
  readonly hlc: Hlc;
  readonly type: number;
  readonly known: Uint8Array;
  readonly totalBytes: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly chainBefore8: Uint8Array;
  /** Of the whole event; checked when the last fragment is in. */
  readonly chainAfter8: Uint8Array;
  /** As that of a range. */
  readonly claimedBefore?: Uint8Array | undefined;
  readonly receivedFrom: string;
  readonly receivedMs: number;
  readonly isClockTrusted?: boolean;
}

/**
 * What became of received data. Only `stored` and `duplicate` call `durable`:
 * a duplicate when the original is durable.
 */
export type ReceiveOutcome = ReceiveVerdict & {
  /** What came is the derived stream of a branch that was held here: that has moved there first (RULES 23), and is durable. */
  readonly moved?: MovedBranch;
};

/** Events `from` to `to` of this stream are in its derived epoch now. */
export interface MovedBranch {
  readonly stream: StreamId;
  readonly from: number;
  readonly to: number;
}

type ReceiveVerdict =
  /**
   * `driftMs`: an HLC was this far ahead of the reference; it is stored as it is, and the clock was not dragged along.
   * `heldCount`: of a range, so many of its events were held already.
   */
  | { readonly kind: "stored"; readonly driftMs?: number; readonly heldCount?: number }
  | { readonly kind: "duplicate" }
  /** Chain before unknown here (a gap): nothing stored. */
  | { readonly kind: "gap"; readonly head: number }
  /** Chain before agrees but content differs from what is held, or chain before itself differs. */
  | { readonly kind: "fork"; readonly atSeq: number }
  /** The content does not reproduce chain after, HLC does not rise, or is beyond 2200: the peer is broken. */
  | { readonly kind: "malformed"; readonly problem: string }
  /** The stream is frozen or a limit is reached; nothing stored, other streams go on. */
  | { readonly kind: "refused"; readonly error: ZamError };

/** Facts about streams that are records of the log themselves. */
export type Mark =
  /** (node, epoch) belongs to the key with this SHA-256 fingerprint, 32 bytes (RULES 26). */
  | {
      readonly kind: "bind";
      readonly node: string;
      readonly epoch: number;
      readonly fingerprint: Uint8Array;
    }
  /** Own epoch ends, a fresh random one begins; `reason` is a Z code. `hlcFloorMs` restarts the HLC (RULES 38). */
  | { readonly kind: "newEpoch"; readonly reason: string; readonly restartHlcAtMs?: number }
  /** Diverged tail of a stream, from `from` to its head, moves to its derived epoch (RULES 23). */
  | { readonly kind: "rehome"; readonly stream: StreamId; readonly from: number }
  /** `chain` is the chain at `to` (16 bytes). */
  | {
      readonly kind: "lost";
      readonly stream: StreamId;
      readonly from: number;
      readonly to: number;
      readonly chain: Uint8Array;
    }
  /** `isPeers`: a peer's floor takes away nothing that is held here; what is missing below it is settled as lost. */
  | {
      readonly kind: "floor";
      readonly stream: StreamId;
      readonly floor: Floor;
      readonly isPeers?: true;
    }
  | {
      readonly kind: "freeze";
      readonly stream: StreamId;
      readonly peer: string;
      readonly peerHead: number;
      readonly peerChain: Uint8Array;
    }
  /** Forgets the durable fragments of an unfinished event. */
  | { readonly kind: "dropPartial"; readonly stream: StreamId; readonly seq: number }
  /** Newest time taken from an authenticated hub. */
  | { readonly kind: "trustedTime"; readonly ms: number }
  /** Something a person must see; cleared by `alarmAck`. */
  | { readonly kind: "alarm"; readonly id: string; readonly code: string; readonly text: string }
  | { readonly kind: "alarmAck"; readonly id: string }
  /** A quarantined event is let in: readers get it as of now. */
  | { readonly kind: "release"; readonly stream: StreamId; readonly seq: number };

export interface Alarm {
  readonly id: string;
  readonly code: string;
  readonly text: string;
  readonly atMs: number;
}

/** A range of a segment that could not be read and was set aside. */
export interface Damage {
  readonly segment: number;
  readonly fromOffset: number;
  readonly toOffset: number;
  /** What it held, as far as its neighbours and the index tell; healed ranges are removed. */
  readonly missing: readonly { readonly stream: StreamId; readonly range: SeqRange }[];
}

/** A head that some peer has confirmed; from durable peer state (RULES 9). */
export interface ConfirmedHead {
  readonly stream: StreamId;
  readonly seq: number;
  readonly chain: Uint8Array;
}

/**
 * Says why an event of another node is to be held back from readers, in at most 200 characters
 * that name the place in the payload, or undefined when it may be read. Total.
 */
export type Judge = (event: {
  readonly stream: StreamId;
  readonly type: number;
  readonly payload: Uint8Array;
}) => string | undefined;

/** Events `from` to `to` of a stream that are held back for one reason. */
export interface QuarantinedRun {
  readonly stream: StreamId;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

/** How events are read in the order of arrival. */
export interface ArrivalReading {
  /** Everything where it was stored: what is held back too, and what was let in later not again. */
  readonly withQuarantined?: boolean;
  /** `chain` may be empty: two hashes an event less, for who can do without or knows it from the next event. */
  readonly withoutChain?: boolean;
  /** Payloads may be views of memory that they share with each other: a copy less, for who keeps none of them. */
  readonly inSharedMemory?: boolean;
}

export interface ReadLimit {
  readonly events: number;
  /** Payload bytes; at least one event is returned even when it is larger. */
  readonly bytes: number;
}

/** What a copy of the log at one moment is made of. */
export interface LogSnapshot {
  /** Files of the store, and how much of each: later bytes are not part of it. */
  readonly files: readonly { readonly name: string; readonly sizeBytes: number }[];
  /** Files made for this copy, which are not in the store. */
  readonly made: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

export interface Log {
  readonly nodeId: string;
  /** 16 random bytes made with the log: its incarnation. */
  readonly logId: Uint8Array;
  readonly isEncrypted: boolean;
  /** Undefined while writable; else why writing is refused until the log is opened again. */
  readonly readOnlyReason: ZamError | undefined;
  /**
   * Why the last `readStream`, `readPayload` or `readArrivals` ended early: the disk would not open
   * a file (Z206, Z208). That says nothing about what is in it, so nothing may be skipped for it.
   */
  readonly readRefusal: ZamError | undefined;
  /** Epoch in which this node writes now. */
  readonly ownEpoch: number;
  /** Last HLC issued or accepted. */
  readonly lastHlc: Hlc;
  readonly trustedTimeMs: number;

  /**
   * Stages own events; positions are final at once, durable at the callback.
   * A repeat whose first event is still in flight is durable with it.
   * @throws ZamError Z208, Z210, Z601, Z602, Z603; then nothing was staged
   */
  push(events: readonly NewEvent[], wallMs: number, durable: Durable): readonly PushedEvent[];

  /** Stages a peer's events after all the checks of RULES 28, against staged state. */
  receive(range: ReceivedRange, durable: Durable): ReceiveOutcome;
  receiveFragment(fragment: ReceivedFragment, durable: Durable): ReceiveOutcome;
  /** Stages a fact. For `newEpoch` and `rehome` the effect on `push` and on staged heads is immediate. */
  mark(mark: Mark, wallMs: number, durable: Durable): void;

  /**
   * Events up to each `seq` are gone for every reader as soon as that is durable; heads,
   * chains and idempotency keys stay. Nothing is asked: the caller knows who else holds them.
   * A seq whose chain is unknown here, or that is not above the floor, is left out.
   */
  cut(cuts: readonly StreamCut[], wallMs: number, durable: Durable): void;
  /** Gives back the room of what was cut, and merges small segments; see `ReclaimWork`. */
  reclaim(wallMs: number): ReclaimWork;
  /**
   * A new data key (32 bytes) for everything, in steps (RULES 17). Without one, goes on with
   * a rekey that was begun and is not over: this log was opened with its new key.
   */
  rekey(newKey?: Uint8Array): RekeyWork;
  /** A rekey was begun and is not over: something is still under the former key. */
  readonly isRekeying: boolean;

  /** Number of streams known; indexes run from 0. */
  readonly streamCount: number;
  /** Grows with every change of any line of the vector. */
  readonly changeOrdinal: number;
  findStream(id: StreamId): StreamIndex | undefined;
  stream(index: StreamIndex): StreamState;
  /** Like `stream(index).head` and `.changeOrdinal`, without making an object. */
  streamHead(index: StreamIndex): number;
  streamChangeOrdinal(index: StreamIndex): number;
  /** Chain at `seq` (16 bytes), or undefined when it is not known here (hole, below floor, above head). */
  chainAt(index: StreamIndex, seq: number): Uint8Array | undefined;
  /** Fingerprint bound to (node, epoch), or undefined. */
  binding(node: string, epoch: number): Uint8Array | undefined;

  /**
   * Events of one stream from `from` on, contiguous; stops before a hole, a lost range, and the head.
   * Empty when `from` itself cannot be read; damage found on the way becomes a hole (see `damages`).
   */
  readStream(index: StreamIndex, from: number, limit: ReadLimit): readonly StoredEvent[];
  /** Part of the payload of a fragmented event; undefined when it cannot be read. */
  readPayload(
    index: StreamIndex,
    seq: number,
    part: { readonly offset: number; readonly sizeBytes: number },
  ): Uint8Array | undefined;
  /**
   * Events in arrival order with ordinal greater than `afterOrdinal`. One that was quarantined is not among
   * them; when it is let in, it arrives with the ordinal of that moment.
   */
  readArrivals(afterOrdinal: number, limit: ReadLimit & ArrivalReading): readonly StoredEvent[];
  /** Ordinal of the newest durable event. */
  readonly lastOrdinal: number;
  /** Position of the event that carries this idempotency hash. */
  findIdempotency(
    hash: Uint8Array,
  ): { readonly stream: StreamId; readonly seq: number } | undefined;

  /** Readable events: held, not in holes, not expired, not lost. */
  readonly recordCount: number;
  /** Bytes of all live segments and indexes. */
  readonly sizeBytes: number;
  readonly damages: readonly Damage[];
  /** Name, in the store, of the file that holds this segment now: another one once it was written anew. */
  segmentFile(segment: number): string;
  /** Events that are held, acknowledged and kept from readers (RULES 34). */
  readonly quarantinedCount: number;
  /** Grows when something is quarantined or let in. */
  readonly quarantineVersion: number;
  /** Of all nodes, or of one. */
  quarantined(node?: string): readonly QuarantinedRun[];
  /** From now on received events are judged; what is held back already stays so until a `release` mark. */
  setJudge(judge: Judge | undefined): void;
  readonly alarms: readonly Alarm[];

  /** Called after each group that became durable, with the ordinal then newest. Returns how to stop. */
  onDurable(listener: (lastOrdinal: number) => void): () => void;
  /** Re-reads everything: CRC, AEAD, chain. Calls `found` for each problem; nothing is changed. Work is done in steps so that the host can breathe. */
  verify(found: (problem: VerifyProblem) => void): { step(): boolean };
  /** Checks CRCs from a place on, and sets aside what does not verify (RULES 18). */
  scrub(from: ScrubPlace | undefined, bytesMax: number): ScrubStep;
  /** The durable state at this moment, as files. @throws ZamError Z210 */
  snapshot(): LogSnapshot;
  /** Finishes the group in hand, writes the clean-close mark and a checkpoint. Blocking. */
  close(): void;
}

/** Events up to `seq` go. `byOrigin`: it is their origin who says so, here and to peers. */
export interface StreamCut {
  readonly index: StreamIndex;
  readonly seq: number;
  readonly byOrigin: boolean;
}

/** Progress of one step; an error ends the work, with the log as it was before that step. */
export type WorkStep = "more" | "done" | ZamError;

/** Work in steps; pushes and sessions go on in between. One at a time. */
export interface ReclaimWork {
  /** Bytes of files that are gone, less those of files that took their place. */
  readonly freedBytes: number;
  /** Segments that must stay as they are for now. */
  readonly skippedSegments: number;
  /** Does a little, and calls `done` once, perhaps before returning. */
  step(done: (step: WorkStep) => void): void;
}

/**
 * Progress of a rekey, and what the host owes before the next step: after "install" the
 * new key is the key of this log, so it must be where the next opening looks for it,
 * durably; after "sealSidecars" nothing of the host's may be under the former key any
 * more. After an error the log is whole, and the work can be begun again.
 */
export type RekeyStep = "more" | "install" | "sealSidecars" | "done" | ZamError;

export interface RekeyWork {
  /** Segments that are under the new key by now. */
  readonly resealedSegments: number;
  /** Does a little, and calls `done` once, perhaps before returning. */
  step(done: (step: RekeyStep) => void): void;
}

/** Where a scrubber goes on. */
export interface ScrubPlace {
  readonly segment: number;
  readonly generation: number;
  readonly offset: number;
}

export interface ScrubStep {
  /** Undefined at the end of the log. */
  readonly next: ScrubPlace | undefined;
  readonly bytes: number;
  readonly found: readonly {
    readonly segment: number;
    readonly fromOffset: number;
    readonly toOffset: number;
  }[];
}

export interface VerifyProblem {
  readonly segment: number;
  readonly offset: number;
  readonly problem: string;
  readonly stream?: StreamId;
  readonly seq?: number;
}
