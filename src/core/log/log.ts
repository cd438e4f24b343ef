/** The log as its users see it: `Log` of api.ts over the shared core. No decisions here. */
import type { Hlc } from "../clock/hlc.ts";
import type { ZamError } from "../errors/zam-error.ts";
import type { StreamId } from "../event.ts";
import { countRanges } from "../vector/ranges.ts";
import type { StreamIndex } from "../vector/stream-table.ts";
import type {
  ArrivalReading,
  Alarm,
  Damage,
  Durable,
  Judge,
  Log,
  LogSnapshot,
  Mark,
  NewEvent,
  PushedEvent,
  QuarantinedRun,
  ReadLimit,
  ReceivedFragment,
  ReceivedRange,
  ReceiveOutcome,
  StoredEvent,
  ReclaimWork,
  RekeyWork,
  ScrubPlace,
  ScrubStep,
  StreamCut,
  StreamState,
  VerifyProblem,
} from "./api.ts";
import { push } from "./append.ts";
import { closeLog } from "./close.ts";
import { bindingKey, type LogCore } from "./core.ts";
import { cutStreams } from "./cut.ts";
import { findId } from "./idempotency.ts";
import { mark } from "./marks.ts";
import { chainAt, readStream } from "./read.ts";
import { readArrivals } from "./read-arrivals.ts";
import { readPayload } from "./read-payload.ts";
import { reclaim } from "./reclaim.ts";
import { Rekey } from "./rekey.ts";
import { receive } from "./receive.ts";
import { receiveFragment } from "./receive-fragment.ts";
import { scrub } from "./scrub.ts";
import { snapshotLog } from "./snapshot.ts";
import { verify } from "./verify.ts";

export class OpenLog implements Log {
  private core: LogCore;

  constructor(core: LogCore) {
    this.core = core;
  }

  get nodeId(): string {
    return this.core.nodeId;
  }

  get logId(): Uint8Array {
    return this.core.logId;
  }

  get isEncrypted(): boolean {
    return this.core.isEncrypted;
  }

  get readRefusal(): ZamError | undefined {
    return this.core.readRefusal;
  }

  get readOnlyReason(): ZamError | undefined {
    return this.core.readOnlyReason;
  }

  get ownEpoch(): number {
    return this.core.stagedEpoch;
  }

  get lastHlc(): Hlc {
    return this.core.clock.last;
  }

  get trustedTimeMs(): number {
    return this.core.trustedTimeMs;
  }

  push(events: readonly NewEvent[], wallMs: number, durable: Durable): readonly PushedEvent[] {
    return push(this.core, events, wallMs, durable);
  }

  receive(range: ReceivedRange, durable: Durable): ReceiveOutcome {
    return receive(this.core, range, durable);
  }

  receiveFragment(fragment: ReceivedFragment, durable: Durable): ReceiveOutcome {
    return receiveFragment(this.core, fragment, durable);
  }

  mark(fact: Mark, wallMs: number, durable: Durable): void {
    mark(this.core, fact, wallMs, durable);
  }

  cut(cuts: readonly StreamCut[], wallMs: number, durable: Durable): void {
    cutStreams(this.core, cuts, wallMs, durable);
  }

  reclaim(wallMs: number): ReclaimWork {
    return reclaim(this.core, wallMs);
  }

  rekey(newKey?: Uint8Array): RekeyWork {
    return new Rekey(this.core, newKey);
  }

  get isRekeying(): boolean {
    return this.core.seal.formerKey !== undefined;
  }

  get streamCount(): number {
    return this.core.streams.table.count;
  }

  get changeOrdinal(): number {
    return this.core.changeOrdinal;
  }

  findStream(id: StreamId): StreamIndex | undefined {
    return this.core.streams.table.find(id);
  }

  stream(index: StreamIndex): StreamState {
    const { table } = this.core.streams;
    const entry = table.entry(index);
    const { node, epoch } = entry.id;
    return {
      ...entry,
      index,
      changeOrdinal: table.changeOrdinal(index),
      isClosed: node === this.core.nodeId && epoch !== this.core.stagedEpoch,
      isFrozen: table.isFrozen(index),
      lost: table.lost(index),
    };
  }

  streamHead(index: StreamIndex): number {
    return this.core.streams.table.head(index);
  }

  streamChangeOrdinal(index: StreamIndex): number {
    return this.core.streams.table.changeOrdinal(index);
  }

  chainAt(index: StreamIndex, seq: number): Uint8Array | undefined {
    return chainAt(this.core, index, seq);
  }

  binding(node: string, epoch: number): Uint8Array | undefined {
    return this.core.bindings.get(bindingKey(node, epoch));
  }

  readStream(index: StreamIndex, from: number, limit: ReadLimit): readonly StoredEvent[] {
    return readStream(this.core, index, from, limit);
  }

  readPayload(
    index: StreamIndex,
    seq: number,
    part: { readonly offset: number; readonly sizeBytes: number },
  ): Uint8Array | undefined {
    return readPayload(this.core, index, seq, part);
  }

  readArrivals(afterOrdinal: number, limit: ReadLimit & ArrivalReading): readonly StoredEvent[] {
    return readArrivals(this.core, afterOrdinal, limit);
  }

  get lastOrdinal(): number {
    return this.core.lastOrdinal;
  }

  findIdempotency(
    hash: Uint8Array,
  ): { readonly stream: StreamId; readonly seq: number } | undefined {
    const found = findId(this.core, hash);
    return found === undefined ? undefined : { stream: found.stream, seq: found.seq };
  }

  get recordCount(): number {
    const { table } = this.core.streams;
    let count = 0;
    for (let index = 0; index < table.count; index++) {
      const below = table.floor(index)?.seq ?? 0;
      const gone = countRanges(table.holes(index)) + countRanges(table.lost(index));
      count += Math.max(0, table.head(index) - below - gone);
    }
    return count;
  }

  get sizeBytes(): number {
    let total = this.core.active.end;
    for (const segment of this.core.directory.segments)
      total += segment.sizeBytes + segment.indexBytes;
    return total;
  }

  get damages(): readonly Damage[] {
    return this.core.damages;
  }

  segmentFile(segment: number): string {
    return this.core.segmentFile(segment);
  }

  get quarantinedCount(): number {
    return this.core.quarantine.count;
  }

  get quarantineVersion(): number {
    return this.core.quarantine.version;
  }

  quarantined(node?: string): readonly QuarantinedRun[] {
    const { quarantine, streams } = this.core;
    return quarantine.entries().flatMap(({ index, held }) => {
      if (node !== undefined && !streams.table.isOfNode(index, node)) return [];
      const stream = streams.table.id(index);
      return held.map((run) => ({ stream, ...run }));
    });
  }

  setJudge(judge: Judge | undefined): void {
    this.core.judge = judge;
  }

  get alarms(): readonly Alarm[] {
    return [...this.core.alarms.values()];
  }

  onDurable(listener: (lastOrdinal: number) => void): () => void {
    this.core.listeners = [...this.core.listeners, listener];
    return () => {
      this.core.listeners = this.core.listeners.filter((known) => known !== listener);
    };
  }

  verify(found: (problem: VerifyProblem) => void): { step(): boolean } {
    return verify(this.core, found);
  }

  scrub(from: ScrubPlace | undefined, bytesMax: number): ScrubStep {
    return scrub(this.core, from, bytesMax);
  }

  snapshot(): LogSnapshot {
    return snapshotLog(this.core);
  }

  /** Why a log that can only be read still takes no writes. */
  stayReadOnly(reason: ZamError): void {
    this.core.readOnlyReason = reason;
  }

  /** Of a log that could only be read until now. */
  replaceCore(core: LogCore): void {
    const old = this.core;
    core.listeners = old.listeners;
    core.judge = old.judge;
    this.core = core;
    closeLog(old);
    for (const listener of core.listeners) listener(core.lastOrdinal);
  }

  close(): void {
    closeLog(this.core);
  }
}
