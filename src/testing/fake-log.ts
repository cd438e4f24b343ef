/**
 * A log in memory with the interface's meaning and none of its files: for tests
 * of the session that need no disk. Everything is visible and durable at once;
 * callbacks come when `settle` is called.
 */
import { bytesEqual } from "../core/bytes.ts";
import type { Hlc } from "../core/clock/hlc.ts";
import { hlcMsMax, type EventContent, fragmentBytesMax, type StreamId } from "../core/event.ts";
import type {
  Alarm,
  Damage,
  Durable,
  Log,
  Mark,
  NewEvent,
  PushedEvent,
  ReadLimit,
  ReceivedFragment,
  ReceivedRange,
  ReceiveOutcome,
  StoredEvent,
  StreamState,
} from "../core/log/api.ts";
import { chainZero, nextChain, rehomeEpoch } from "../core/log/chain.ts";
import type { CryptoPort } from "../core/ports.ts";
import { addRanges, rangesContain, subtractRanges } from "../core/vector/ranges.ts";
import type { Floor, SeqRange, StreamIndex } from "../core/vector/stream-table.ts";

interface Row extends EventContent {
  readonly chain: Uint8Array;
  readonly ordinal: number;
  readonly from: string;
}

interface Line {
  readonly id: StreamId;
  readonly rows: Map<number, Row>;
  readonly chains: Map<number, Uint8Array>;
  head: number;
  holes: readonly SeqRange[];
  lost: readonly SeqRange[];
  floor: Floor | undefined;
  partial: { seq: number; bytes: Uint8Array } | undefined;
  isClosed: boolean;
  isFrozen: boolean;
  changed: number;
}

export class FakeLog implements Log {
  readonly nodeId: string;
  readonly logId: Uint8Array;
  readonly isEncrypted = false;
  readonly readOnlyReason = undefined;
  ownEpoch: number;
  lastHlc: Hlc = { ms: 0, counter: 0 };
  trustedTimeMs = 0;
  changeOrdinal = 0;
  lastOrdinal = 0;
  readonly damages: readonly Damage[] = [];
  readonly quarantinedCount = 0;
  readonly sizeBytes = 0;
  readonly alarms: Alarm[] = [];
  readonly marks: Mark[] = [];
  private readonly crypto: CryptoPort;
  private readonly lines: Line[] = [];
  private readonly indexByKey = new Map<string, number>();
  private readonly bindings = new Map<string, Uint8Array>();
  private waiting: Durable[] = [];

  constructor(crypto: CryptoPort, nodeId: string, epoch: number) {
    this.crypto = crypto;
    this.nodeId = nodeId;
    this.ownEpoch = epoch;
    this.logId = crypto.sha256(Uint8Array.of(epoch % 256, nodeId.length)).slice(0, 16);
  }

  /** A restored backup: the same log as it is now. */
  copy(): FakeLog {
    const other = new FakeLog(this.crypto, this.nodeId, this.ownEpoch);
    (other as { logId: Uint8Array }).logId = this.logId;
    for (const line of this.lines) {
      other.indexByKey.set(keyOf(line.id), other.lines.length);
      other.lines.push({ ...line, rows: new Map(line.rows), chains: new Map(line.chains) });
    }
    for (const [key, value] of this.bindings) other.bindings.set(key, value);
    other.changeOrdinal = this.changeOrdinal;
    other.lastOrdinal = this.lastOrdinal;
    other.lastHlc = this.lastHlc;
    other.trustedTimeMs = this.trustedTimeMs;
    return other;
  }

  settle(): boolean {
    const due = this.waiting;
    this.waiting = [];
    for (const done of due) done();
    return due.length > 0;
  }

  private line(id: StreamId): Line {
    const found = this.indexByKey.get(keyOf(id));
    const line = found === undefined ? undefined : this.lines[found];
    if (line !== undefined) return line;
    const made: Line = {
      id,
      rows: new Map(),
      chains: new Map([[0, chainZero(this.crypto, id)]]),
      head: 0,
      holes: [],
      lost: [],
      floor: undefined,
      partial: undefined,
      isClosed: false,
      isFrozen: false,
      changed: 0,
    };
    this.indexByKey.set(keyOf(id), this.lines.length);
    this.lines.push(made);
    return made;
  }

  private touch(line: Line): void {
    line.changed = ++this.changeOrdinal;
  }

  private addRow(line: Line, event: EventContent, from: string): void {
    const before = line.chains.get(event.seq - 1) ?? new Uint8Array(16);
    const chain = nextChain(this.crypto, before, event);
    line.rows.set(event.seq, { ...event, chain, ordinal: ++this.lastOrdinal, from });
    line.chains.set(event.seq, chain);
    line.head = Math.max(line.head, event.seq);
    line.holes = subtractRanges(line.holes, [{ from: event.seq, to: event.seq }]);
    this.touch(line);
  }

  push(events: readonly NewEvent[], wallMs: number, durable: Durable): readonly PushedEvent[] {
    const pushed: PushedEvent[] = [];
    for (const event of events) {
      const stream = { node: this.nodeId, epoch: this.ownEpoch, lane: event.lane };
      const line = this.line(stream);
      const { ms, counter } = this.lastHlc;
      this.lastHlc = wallMs > ms ? { ms: wallMs, counter: 0 } : { ms, counter: counter + 1 };
      const seq = line.head + 1;
      this.addRow(line, { seq, hlc: this.lastHlc, type: event.type, known: Uint8Array.of(0), payload: event.payload }, "");
      pushed.push({ stream, seq, hlc: this.lastHlc, isRepeat: false });
    }
    this.waiting.push(durable);
    return pushed;
  }

  receive(range: ReceivedRange, durable: Durable): ReceiveOutcome {
    const line = this.line(range.stream);
    const fate = this.judge(line, range.from, range.chainBefore8);
    if (fate !== undefined) return fate;
    let chain = line.chains.get(range.from - 1) ?? new Uint8Array(16);
    const news: EventContent[] = [];
    let previous = line.rows.get(range.from - 1)?.hlc;
    for (const event of range.events) {
      chain = nextChain(this.crypto, chain, event);
      const held = line.chains.get(event.seq);
      if (held !== undefined && !bytesEqual(held, chain)) return { kind: "fork", atSeq: event.seq };
      const isRising = previous === undefined || event.hlc.ms > previous.ms || (event.hlc.ms === previous.ms && event.hlc.counter > previous.counter);
      if (!isRising || event.hlc.ms >= hlcMsMax) return { kind: "malformed", problem: "clock" };
      previous = event.hlc;
      if (!line.rows.has(event.seq)) news.push(event);
    }
    if (!bytesEqual(chain.subarray(0, 8), range.chainAfter8)) return { kind: "malformed", problem: "chain after" };
    for (const event of news) this.addRow(line, event, range.receivedFrom);
    this.waiting.push(durable);
    return { kind: news.length === 0 ? "duplicate" : "stored" };
  }

  private judge(line: Line, from: number, before8: Uint8Array): ReceiveOutcome | undefined {
    const before = line.chains.get(from - 1);
    if (before === undefined) return { kind: "gap", head: line.head };
    if (!bytesEqual(before.subarray(0, 8), before8)) return { kind: "fork", atSeq: from - 1 };
    return undefined;
  }

  receiveFragment(fragment: ReceivedFragment, durable: Durable): ReceiveOutcome {
    const line = this.line(fragment.stream);
    const fate = this.judge(line, fragment.seq, fragment.chainBefore8);
    if (fate !== undefined) return fate;
    this.waiting.push(durable);
    if (line.rows.has(fragment.seq)) return { kind: "duplicate" };
    const held = line.partial?.seq === fragment.seq ? line.partial.bytes : new Uint8Array(0);
    if (fragment.offset < held.length) return { kind: "duplicate" };
    if (fragment.offset > held.length) {
      this.waiting.pop();
      return { kind: "gap", head: line.head };
    }
    const bytes = new Uint8Array(held.length + fragment.bytes.length);
    bytes.set(held);
    bytes.set(fragment.bytes, held.length);
    line.partial = { seq: fragment.seq, bytes };
    if (bytes.length < fragment.totalBytes) return { kind: "stored" };
    line.partial = undefined;
    const { seq, hlc, type, known } = fragment;
    this.addRow(line, { seq, hlc, type, known, payload: bytes }, fragment.receivedFrom);
    return { kind: "stored" };
  }

  mark(mark: Mark, wallMs: number, durable: Durable): void {
    this.marks.push(mark);
    this.waiting.push(durable);
    if (mark.kind === "bind") this.bindings.set(`${mark.node} ${mark.epoch}`, mark.fingerprint);
    else if (mark.kind === "newEpoch") this.newEpoch(mark.restartHlcAtMs);
    else if (mark.kind === "rehome") this.rehome(mark);
    else if (mark.kind === "lost") this.lose(mark);
    else if (mark.kind === "freeze") this.line(mark.stream).isFrozen = true;
    else if (mark.kind === "trustedTime") this.trustedTimeMs = mark.ms;
    else if (mark.kind === "alarm") this.alarms.push({ id: mark.id, code: mark.code, text: mark.text, atMs: wallMs });
    else if (mark.kind === "floor") {
      const line = this.line(mark.stream);
      line.floor = mark.floor;
      line.head = Math.max(line.head, mark.floor.seq);
      line.chains.set(mark.floor.seq, mark.floor.chain);
      line.holes = subtractRanges(line.holes, [{ from: 1, to: mark.floor.seq }]);
      this.touch(line);
    }
  }

  private newEpoch(restartAtMs: number | undefined): void {
    for (const line of this.lines) if (line.id.node === this.nodeId && line.id.epoch === this.ownEpoch) line.isClosed = true;
    this.ownEpoch = (this.ownEpoch * 7 + 12345) % 2 ** 32;
    if (restartAtMs !== undefined) this.lastHlc = { ms: restartAtMs, counter: 0 };
  }

  private rehome(mark: Mark & { readonly kind: "rehome" }): void {
    const line = this.line(mark.stream);
    const first = line.chains.get(mark.from);
    if (first === undefined) return;
    const target = this.line({ ...mark.stream, epoch: rehomeEpoch(this.crypto, mark.stream, first) });
    for (let seq = mark.from; seq <= line.head; seq++) {
      const row = line.rows.get(seq);
      if (row !== undefined) this.addRow(target, { ...row, seq: seq - mark.from + 1 }, row.from);
      line.rows.delete(seq);
      line.chains.delete(seq);
    }
    line.head = mark.from - 1;
    target.isClosed = true;
    this.touch(line);
  }

  private lose(mark: Mark & { readonly kind: "lost" }): void {
    const line = this.line(mark.stream);
    const range = { from: mark.from, to: mark.to };
    line.lost = addRanges(line.lost, [range]);
    line.holes = subtractRanges(line.holes, [range]);
    line.head = Math.max(line.head, mark.to);
    line.chains.set(mark.to, mark.chain);
    this.touch(line);
  }

  /** A bad range of the card. */
  damage(id: StreamId, from: number, to: number): void {
    const line = this.line(id);
    for (let seq = from; seq <= to; seq++) line.rows.delete(seq);
    line.holes = addRanges(line.holes, [{ from, to }]);
    this.touch(line);
  }

  get streamCount(): number {
    return this.lines.length;
  }

  findStream(id: StreamId): StreamIndex | undefined {
    return this.indexByKey.get(keyOf(id));
  }

  stream(index: StreamIndex): StreamState {
    const line = this.at(index);
    const { id, head, holes, lost, isClosed, isFrozen, changed } = line;
    return {
      index,
      id,
      head,
      chain: line.chains.get(head) ?? new Uint8Array(16),
      holes,
      lost,
      isClosed,
      isFrozen,
      changeOrdinal: changed,
      ...(line.floor === undefined ? {} : { floor: line.floor }),
      ...(line.partial === undefined ? {} : { partialBytes: line.partial.bytes.length }),
    };
  }

  private at(index: StreamIndex): Line {
    const line = this.lines[index];
    if (line === undefined) throw new Error(`no stream ${index}`);
    return line;
  }

  streamHead(index: StreamIndex): number {
    return this.at(index).head;
  }

  streamChangeOrdinal(index: StreamIndex): number {
    return this.at(index).changed;
  }

  chainAt(index: StreamIndex, seq: number): Uint8Array | undefined {
    return this.at(index).chains.get(seq);
  }

  binding(node: string, epoch: number): Uint8Array | undefined {
    return this.bindings.get(`${node} ${epoch}`);
  }

  readStream(index: StreamIndex, from: number, limit: ReadLimit): readonly StoredEvent[] {
    const line = this.at(index);
    const events: StoredEvent[] = [];
    let bytes = 0;
    for (let seq = from; events.length < limit.events && (events.length === 0 || bytes < limit.bytes); seq++) {
      const row = line.rows.get(seq);
      if (row === undefined || rangesContain(line.lost, seq)) break;
      const isFragmented = row.payload.length > fragmentBytesMax;
      bytes += row.payload.length;
      events.push({
        ...row,
        payload: isFragmented ? new Uint8Array(0) : row.payload,
        payloadSize: row.payload.length,
        isFragmented,
        stream: line.id,
        chainBefore: line.chains.get(seq - 1) ?? new Uint8Array(16),
        receivedMs: 0,
        receivedFrom: row.from,
        isQuarantined: false,
      });
    }
    return events;
  }

  readPayload(index: StreamIndex, seq: number, part: { readonly offset: number; readonly sizeBytes: number }): Uint8Array | undefined {
    return this.at(index).rows.get(seq)?.payload.slice(part.offset, part.offset + part.sizeBytes);
  }

  readArrivals(): readonly StoredEvent[] {
    return [];
  }

  findIdempotency(): undefined {
    return undefined;
  }

  get recordCount(): number {
    let count = 0;
    for (const line of this.lines) count += line.rows.size;
    return count;
  }

  onDurable(): () => void {
    return () => {};
  }

  verify(): { step(): boolean } {
    return { step: () => false };
  }

  close(): void {}
}

function keyOf(id: StreamId): string {
  return `${id.node} ${id.epoch} ${id.lane}`;
}
