/**
 * A device's knowledge of its peers, on its simulated disk: one small file a
 * peer, replaced whole (write-new, fsync, rename, fsync of the directory). A
 * file whose checksum does not fit counts as no knowledge, as a sealed one does.
 */
import { FileFault, type CryptoPort, type FileStore } from "../src/core/ports.ts";
import { ZamError } from "../src/core/errors/zam-error.ts";
import type { ConfirmedHead } from "../src/core/log/api.ts";
import { decodePeerRecord, encodePeerRecord, type PeerRecord } from "../src/engine/peer-record.ts";

const checksumBytes = 32;

export class PeerFiles {
  private readonly store: FileStore;
  private readonly crypto: CryptoPort;
  private readonly records = new Map<string, PeerRecord>();
  private readonly writing = new Set<string>();
  private readonly waiting: {
    readonly record: PeerRecord;
    readonly done: (error?: ZamError) => void;
  }[] = [];

  constructor(store: FileStore, crypto: CryptoPort) {
    this.store = store;
    this.crypto = crypto;
    for (const name of [...store.list()].sort()) {
      if (!name.endsWith(".peer")) continue;
      const record = this.read(name);
      if (record !== undefined) this.records.set(record.peerId, record);
    }
  }

  find(peerId: string): PeerRecord | undefined {
    return this.records.get(peerId);
  }

  get all(): readonly PeerRecord[] {
    return [...this.records.values()];
  }

  confirmedHeads(): readonly ConfirmedHead[] {
    return [...this.records.values()].flatMap((record) => record.state?.confirmed ?? []);
  }

  save(record: PeerRecord, done: (error?: ZamError) => void): void {
    if (this.writing.has(record.peerId)) {
      this.waiting.push({ record, done });
      return;
    }
    this.writing.add(record.peerId);
    this.replace(`${record.peerId}.peer`, encodePeerRecord(record), (fault) => {
      this.writing.delete(record.peerId);
      if (fault === undefined) this.records.set(record.peerId, record);
      done(
        fault === undefined ? undefined : new ZamError("Z206", { operation: "peer state" }, fault),
      );
      const at = this.waiting.findIndex((next) => next.record.peerId === record.peerId);
      const next = at < 0 ? undefined : this.waiting.splice(at, 1)[0];
      if (next !== undefined) this.save(next.record, next.done);
    });
  }

  private read(name: string): PeerRecord | undefined {
    try {
      const file = this.store.open(name, "read");
      const bytes = new Uint8Array(file.size());
      file.read(0, bytes);
      file.close();
      const content = bytes.subarray(checksumBytes);
      const sum = this.crypto.sha256(content);
      const isWhole = bytes.length > checksumBytes && sum.every((byte, at) => byte === bytes[at]);
      return isWhole ? decodePeerRecord(content) : undefined;
    } catch (fault) {
      if (!(fault instanceof FileFault)) throw fault;
      return undefined;
    }
  }

  private replace(name: string, content: Uint8Array, done: (fault?: FileFault) => void): void {
    const guarded = (work: () => void): void => {
      try {
        work();
      } catch (fault) {
        if (!(fault instanceof FileFault)) throw fault;
        done(fault);
      }
    };
    guarded(() => {
      const bytes = new Uint8Array(checksumBytes + content.length);
      bytes.set(this.crypto.sha256(content));
      bytes.set(content, checksumBytes);
      const file = this.store.open(`${name}.new`, "replace");
      file.write(0, bytes);
      file.sync((fault) => {
        file.close();
        if (fault !== undefined) return done(fault);
        guarded(() => {
          this.store.rename(`${name}.new`, name);
          this.store.sync(done);
        });
      });
    });
  }
}
