/**
 * All that this node knows about its peers, in memory and in `DIR/peers/`.
 * One sealed file a peer; a file that cannot be read counts as no knowledge,
 * which costs bytes in the next session and is told once.
 */
import { isNodeId } from "../core/event.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import type { ConfirmedHead } from "../core/log/api.ts";
import { decodePeerRecord, encodePeerRecord, type PeerRecord } from "./peer-record.ts";

/** Where sealed small files live; written atomically and durably. */
export interface SidecarFolder {
  list(): readonly string[];
  /** Undefined when there is none. @throws ZamError when it cannot be opened */
  read(name: string): Uint8Array | undefined;
  write(name: string, content: Uint8Array): Promise<void>;
}

const suffix = ".peer";

export class PeerBook {
  private folder: SidecarFolder;
  private readonly records = new Map<string, PeerRecord>();
  private readonly writes = new Map<string, Promise<void>>();
  /** Files that could not be read, for the operator. */
  readonly problems: ZamError[] = [];

  constructor(folder: SidecarFolder) {
    this.folder = folder;
    for (const name of folder.list()) {
      const peerId = name.endsWith(suffix) ? name.slice(0, -suffix.length) : "";
      if (isNodeId(peerId)) this.load(name, peerId);
    }
  }

  /** From now on; until then the book is read only, so that a wrong key changes nothing. */
  writeTo(folder: SidecarFolder): void {
    this.folder = folder;
  }

  private load(name: string, peerId: string): void {
    try {
      const content = this.folder.read(name);
      const record = content === undefined ? undefined : decodePeerRecord(content);
      if (record?.peerId === peerId) this.records.set(peerId, record);
      else
        this.problems.push(new ZamError("Z202", { path: `peers/${name}`, problem: "unreadable" }));
    } catch (error) {
      if (!(error instanceof ZamError)) throw error;
      this.problems.push(error);
    }
  }

  get all(): readonly PeerRecord[] {
    return [...this.records.values()];
  }

  find(peerId: string): PeerRecord | undefined {
    return this.records.get(peerId);
  }

  /** The hub of the last session, for `sync` without `--hub`. */
  get lastHub(): PeerRecord | undefined {
    return this.all
      .filter((record) => record.role === "hub" && record.address !== "")
      .sort((a, b) => b.lastSyncMs - a.lastSyncMs)[0];
  }

  /** RULES 9: heads that peers have confirmed, so that a rotted tail is noticed when the log opens. */
  confirmedHeads(): readonly ConfirmedHead[] {
    return this.all.flatMap((record) => record.state?.confirmed ?? []);
  }

  /** Durable when it resolves. Writes of one peer follow one another. */
  async save(record: PeerRecord): Promise<void> {
    const before = this.writes.get(record.peerId) ?? Promise.resolve();
    const write = before
      .catch(() => undefined)
      .then(() => this.folder.write(record.peerId + suffix, encodePeerRecord(record)));
    this.writes.set(record.peerId, write);
    await write;
    // Never before it is on the disk: the next session trusts that what it is given survives a crash.
    this.records.set(record.peerId, record);
  }

  /** Resolves when nothing is being written. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.writes.values());
  }
}
