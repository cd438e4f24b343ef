/** What creating and opening a log take, and what opening reports. */
import type { ZamError } from "../errors/zam-error.ts";
import type { CryptoPort, FileStore } from "../ports.ts";
import type { ConfirmedHead, Log } from "./api.ts";

export interface CreateLogInput {
  readonly store: FileStore;
  readonly crypto: CryptoPort;
  readonly nodeId: string;
  readonly epoch: number;
  /** 32 bytes; undefined makes a plaintext log. */
  readonly dataKey?: Uint8Array;
  readonly wallMs: number;
  readonly buildTimeMs?: number;
  /** Default 16 MiB. */
  readonly segmentBytes?: number;
  /** Bytes between checkpoints; default 1 MiB. */
  readonly checkpointBytes?: number;
}

export interface OpenLogInput {
  readonly store: FileStore;
  readonly crypto: CryptoPort;
  readonly nodeId: string;
  readonly dataKey?: Uint8Array;
  readonly wallMs: number;
  readonly buildTimeMs?: number;
  /** Heads of own streams that peers have confirmed, from durable peer state (RULES 9). */
  readonly confirmed: readonly ConfirmedHead[];
  readonly segmentBytes?: number;
  /** Bytes between checkpoints; default 1 MiB. */
  readonly checkpointBytes?: number;
  /** Writes nothing, needs no lock, and lists only what is proven durable. */
  readonly readOnly?: boolean;
}

export interface RecoveryReport {
  /** The last close was clean and nothing had to be repaired. */
  readonly isClean: boolean;
  /** Only of a read-only opening: something waits for an opening that may write. */
  readonly needsWriter: boolean;
  /** Bytes of a torn tail, never acknowledged, that were set aside. */
  readonly tornBytes: number;
  /** Bytes verified but not proven durable, that were copied to a new segment. */
  readonly copiedBytes: number;
  /** One for each thing that an operator should know. */
  readonly reports: readonly ZamError[];
}

export interface OpenedLog {
  readonly log: Log;
  readonly recovery: RecoveryReport;
  /** Only of a log that was to be written, and can only be read because the disk is full (Z204). */
  readonly awaitedRoom?: AwaitedRoom;
}

export interface AwaitedRoom {
  /**
   * Opens the log for writing beside the one that is read meanwhile, as any opening does,
   * if there is room for it now. Undefined: there is none, and the log is as it was. Then its
   * `readOnlyReason` says why; when that is not Z204 any more, only a person can help.
   */
  tryOpening(now: Pick<OpenLogInput, "confirmed" | "wallMs">): OpenedBeside | undefined;
}

/** Opened for writing, and not in use yet. */
export interface OpenedBeside {
  readonly recovery: RecoveryReport;
  /**
   * The log goes on with it, listeners and judge included. Owed sooner or later, for closing
   * the log closes what is in use. Stream indexes may be others from then on: nobody holds one across it.
   */
  takeOver(): void;
}
