/**
 * Histories of logs over a disk in memory, told line by line: what each step asks of the disk, what it
 * answers, and what the log then shows, also to an opening after a close and after a kill.
 *
 * ```
 * push clinic_a//1 hlc 1000000.0        what was asked, and the answer
 *   append 00000001.seg 64+210        the calls that it made, in order: a write and its sync
 *   replace manifest (106)            a new file, its bytes, its sync, its name, the folder's sync
 * ```
 * Chains and hashes are told by their first two bytes.
 */
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore, type MemoryStoreOptions } from "../../testing/memory-store.ts";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import { bytesToHex, textToUtf8 } from "../bytes.ts";
import { ZamError } from "../errors/zam-error.ts";
import type { StreamId } from "../event.ts";
import type {
  ConfirmedHead,
  Log,
  Mark,
  NewEvent,
  ReceivedRange,
  RekeyStep,
  StoredEvent,
  WorkStep,
} from "./api.ts";
import { hashIdempotencyKey } from "./chain.ts";
import { createLog, openLog } from "./open.ts";

const startMs = 1_000_000;
const epoch = 0x1234;

export interface HistoryOptions {
  readonly nodeId?: string;
  readonly dataKey?: Uint8Array;
  readonly segmentBytes?: number;
  readonly checkpointBytes?: number;
  readonly store?: MemoryStoreOptions;
}

type Asked = string;

/** A log, and what was told of it so far. */
export class Teller {
  readonly lines: string[] = [];
  readonly options: HistoryOptions;
  store: MemoryStore;
  log: Log;
  nowMs = startMs;
  private toldOperations = 0;
  private dataKey: Uint8Array | undefined;

  constructor(options: HistoryOptions = {}, store = new MemoryStore(options.store)) {
    this.options = options;
    this.dataKey = options.dataKey;
    this.store = store;
    this.log = createLog({ ...this.input(), epoch });
    this.tell("create");
  }

  private input() {
    const { nodeId = "clinic_a", segmentBytes, checkpointBytes } = this.options;
    const random = createSeededRandom(this.toldOperations + 1);
    return {
      store: this.store,
      crypto: { ...nodeCrypto, randomBytes: (count: number) => random.bytes(count) },
      nodeId,
      wallMs: this.nowMs,
      ...(this.dataKey === undefined ? {} : { dataKey: this.dataKey }),
      ...(segmentBytes === undefined ? {} : { segmentBytes }),
      ...(checkpointBytes === undefined ? {} : { checkpointBytes }),
    };
  }

  tell(asked: Asked, answer = ""): this {
    this.lines.push(answer === "" ? asked : `${asked} -> ${answer}`);
    const made = this.store.operations.slice(this.toldOperations);
    this.toldOperations = this.store.operations.length;
    if (made.length > 0) this.lines.push(`  ${shortened(made)}`);
    return this;
  }

  /** Does it, and tells what it answered or threw. */
  ask(asked: Asked, work: (durable: (error?: ZamError) => void) => string): this {
    const answers: string[] = [];
    try {
      answers.push(work((error) => answers.push(error === undefined ? "durable" : error.code)));
    } catch (error) {
      if (!(error instanceof ZamError)) throw error;
      answers.push(`${error.code} ${error.message}`);
    }
    return this.tell(asked, answers.filter((answer) => answer !== "").join(", "));
  }

  push(text: string, options: Partial<NewEvent> & { readonly key?: string } = {}): this {
    const { key, ...rest } = options;
    const idempotency =
      key === undefined ? {} : { idempotency: hashIdempotencyKey(nodeCrypto, key) };
    const event = { lane: "", type: 1, payload: textToUtf8(text), ...rest, ...idempotency };
    return this.ask(`push '${text.slice(0, 20)}'`, (durable) =>
      this.log
        .push([event], this.nowMs, durable)
        .map(
          ({ stream, seq, hlc, isRepeat }) =>
            `${nameOf(stream)} ${seq} at ${hlc.ms}.${hlc.counter}${isRepeat ? ", a repeat" : ""}`,
        )
        .join("; "),
    );
  }

  pushes(count: number, sizeBytes = 40, lane = ""): this {
    for (let i = 0; i < count; i++) {
      const text = `${lane} ${i} `.padEnd(sizeBytes, ".");
      this.nowMs += 7;
      this.log.push([{ lane, type: 2, payload: textToUtf8(text) }], this.nowMs, () => {});
    }
    return this.tell(`push ${count} of ${sizeBytes} bytes`);
  }

  mark(mark: Mark): this {
    return this.ask(`mark ${mark.kind}`, (durable) => {
      this.log.mark(mark, this.nowMs, durable);
      return "";
    });
  }

  receive(
    from: Teller | readonly StoredEvent[],
    seqs: readonly [number, number],
    overrides: Partial<ReceivedRange> = {},
  ): this {
    const events = from instanceof Teller ? from.events(0, ...seqs) : from;
    const first = events[0];
    const last = events[events.length - 1];
    if (first === undefined || last === undefined) throw new Error("nothing to receive");
    return this.ask(`receive ${nameOf(first.stream)} ${seqs[0]} to ${seqs[1]}`, (durable) => {
      const { kind, ...outcome } = this.log.receive(
        {
          stream: first.stream,
          from: first.seq,
          events,
          chainBefore8: first.chainBefore.slice(0, 8),
          chainAfter8: last.chain.slice(0, 8),
          receivedFrom: "peer",
          receivedMs: this.nowMs,
          ...overrides,
        },
        durable,
      );
      return `${kind} ${sayAll(outcome)}`.trim();
    });
  }

  /** The piece of event `seq` of the other's first stream that begins at `offset`. */
  receivePiece(from: Teller, seq: number, offset: number, sizeBytes: number): this {
    const [event] = from.events(0, seq, seq);
    if (event === undefined) throw new Error(`no event ${seq}`);
    const bytes = from.log.readPayload(0, seq, { offset, sizeBytes }) ?? new Uint8Array(0);
    return this.ask(`receive ${seq} from ${offset}, ${bytes.length} bytes`, (durable) => {
      const { stream, hlc, type, known, payloadSize: totalBytes, chainBefore, chain } = event;
      const { kind, ...outcome } = this.log.receiveFragment(
        {
          stream,
          seq,
          hlc,
          type,
          known,
          totalBytes,
          offset,
          bytes,
          chainBefore8: chainBefore.slice(0, 8),
          chainAfter8: chain.slice(0, 8),
          receivedFrom: "peer",
          receivedMs: this.nowMs,
        },
        durable,
      );
      return `${kind} ${sayAll(outcome)}`.trim();
    });
  }

  events(index: number, from: number, to: number): readonly StoredEvent[] {
    return this.log.readStream(index, from, { events: to - from + 1, bytes: 1 << 22 });
  }

  work(asked: Asked, work: { step(done: (step: WorkStep | RekeyStep) => void): void }): this {
    for (let left = 500; left > 0; left--) {
      const state: { step: WorkStep | RekeyStep } = { step: "more" };
      work.step((step) => {
        state.step = step;
      });
      const { step } = state;
      const answer = step instanceof ZamError ? step.code : step;
      this.tell(`${asked}, a step`, answer);
      if (answer === "done" || step instanceof ZamError) break;
    }
    return this;
  }

  rekey(key: Uint8Array): this {
    this.work("rekey", this.log.rekey(key));
    this.dataKey = key;
    return this;
  }

  /** Everything that the log shows. */
  show(title: string): this {
    const { log } = this;
    this.tell(`${title}:`);
    const arrivals = readAll(log);
    for (let index = 0; index < log.streamCount; index++) {
      const { id, index: _, ...state } = log.stream(index);
      const read = this.readable(index, state.head);
      this.lines.push(`  ${nameOf(id)}: ${sayAll(state)}; reads ${read}`);
    }
    this.lines.push(
      `  epoch ${log.ownEpoch.toString(16)}, ordinals ${log.lastOrdinal} of ${log.changeOrdinal}, ${log.recordCount} records, ${log.sizeBytes} bytes, hlc ${log.lastHlc.ms}.${log.lastHlc.counter}, trusted ${log.trustedTimeMs}, arrivals ${arrivals}`,
    );
    for (const damage of log.damages) this.lines.push(`  damage ${sayAll(damage)}`);
    for (const alarm of log.alarms) this.lines.push(`  alarm ${sayAll(alarm)}`);
    if (log.readOnlyReason !== undefined)
      this.lines.push(`  read only: ${log.readOnlyReason.code} ${log.readOnlyReason.message}`);
    const verifier = log.verify((problem) => this.lines.push(`  verify finds ${sayAll(problem)}`));
    while (verifier.step());
    return this.tell("  all is read");
  }

  private readable(index: number, head: number): string {
    const parts: string[] = [];
    for (let seq = 1; seq <= head; ) {
      const events = this.log.readStream(index, seq, { events: 50, bytes: 1 << 22 });
      const last = events[events.length - 1];
      if (last === undefined) {
        seq++;
        continue;
      }
      const large = events.filter(({ isFragmented }) => isFragmented).map((event) => event.seq);
      const bytes = events.reduce((sum, event) => sum + event.payloadSize, 0);
      const known = events.filter((event) => event.known.length > 1).map((event) => event.seq);
      const pieces = large.map((each) => this.payloadHash(index, each)).join(" ");
      parts.push(
        `${seq}-${last.seq} of ${bytes} bytes to ${say(last.chain)}${large.length > 0 ? ` in pieces ${large.join(" ")} ${pieces}` : ""}${known.length > 0 ? ` known in ${known.join(" ")}` : ""}`,
      );
      seq = last.seq + 1;
    }
    return parts.join(", ") || "nothing";
  }

  private payloadHash(index: number, seq: number): string {
    const part = { offset: 3, sizeBytes: 1 << 22 };
    const bytes = this.log.readPayload(index, seq, part);
    return bytes === undefined ? "unreadable" : say(nodeCrypto.sha256(bytes));
  }

  find(key: string): this {
    const found = this.log.findIdempotency(hashIdempotencyKey(nodeCrypto, key));
    return this.tell(
      `find ${key}`,
      found === undefined ? "nothing" : `${nameOf(found.stream)} ${found.seq}`,
    );
  }

  close(): this {
    this.log.close();
    return this.tell("close");
  }

  open(
    title: string,
    options: { readonly confirmed?: readonly ConfirmedHead[]; readonly readOnly?: boolean } = {},
  ): this {
    const { confirmed = [], readOnly = false } = options;
    try {
      const { log, recovery } = openLog({ ...this.input(), confirmed, readOnly });
      this.log = log;
      const { reports, ...rest } = recovery;
      const codes = reports.map(({ code, message }) => `${code} ${message}`);
      return this.tell(title, [sayAll(rest), ...codes].join("; "));
    } catch (error) {
      if (!(error instanceof ZamError)) throw error;
      return this.tell(title, `${error.code} ${error.message}`);
    }
  }

  /** A copy of the card as it is, for another telling that ends in the same list. */
  private onCopy(store: MemoryStore, tell: (copy: this) => void): void {
    const before = { store: this.store, log: this.log, told: this.toldOperations };
    this.store = store;
    this.toldOperations = store.operations.length;
    tell(this);
    this.store = before.store;
    this.log = before.log;
    this.toldOperations = before.told;
  }

  /** As it is now, to a reader, after a kill, and after a close; then it goes on closed and opened. */
  everywhere(): this {
    this.show("now");
    this.onCopy(this.store.copy(), (it) =>
      it.open("a reader opens", { readOnly: true }).show("it shows"),
    );
    this.onCopy(this.store.copy(), (it) => it.open("after a kill").show("it shows"));
    if (this.log.readOnlyReason === undefined) this.close();
    return this.open("opened again").show("it shows");
  }

  /** Changes a byte of a file as rot would. */
  rot(name: string, offset: number): this {
    this.store.flip(name, offset);
    return this.tell(`byte ${offset} of ${name} rots`);
  }
}

/** What always goes the same way is said in a word; anything else in its place stays as it is. */
function shortened(operations: readonly string[]): string {
  const replaced = operations
    .join("; ")
    .replace(
      /create (\S+)\.new; write \1\.new 0\+(\d+); sync \1\.new; rename \1\.new \1; syncDirectory/g,
      "replace $1 ($2)",
    )
    .replace(/write (\S+) (\d+\+\d+); sync \1/g, "append $1 $2");
  const told: string[] = [];
  for (const text of replaced.split("; ")) {
    const [, file, place] = /^append (\S+) (\S+)$/.exec(text) ?? [];
    const last = told[told.length - 1];
    const isMore = file !== undefined && last?.startsWith(`append ${file} `) === true;
    if (isMore) told[told.length - 1] = `${last} ${place}`;
    else told.push(text);
  }
  return told.join("; ");
}

function readAll(log: Log): string {
  const ordinals: number[] = [];
  for (let after = 0; ; ) {
    const events = log.readArrivals(after, { events: 50, bytes: 1 << 22 });
    const last = events[events.length - 1];
    if (last === undefined) break;
    for (const { ordinal } of events) ordinals.push(ordinal);
    after = last.ordinal;
  }
  return runsOf(ordinals);
}

/** 1 2 3 7 as "1-3 7". */
function runsOf(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const each of numbers) {
    const last = runs[runs.length - 1];
    if (last !== undefined && last[1] + 1 === each) last[1] = each;
    else runs.push([each, each]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(" ");
}

function nameOf({ node, epoch: number, lane }: StreamId): string {
  return `${node}/${number.toString(16)}/${lane}`;
}

/** What is undefined, false or an empty list goes without saying. */
function sayAll(value: object): string {
  return Object.entries(value)
    .filter(
      ([, field]) =>
        !(field === undefined || field === false || (Array.isArray(field) && field.length === 0)),
    )
    .map(([name, field]) => `${name} ${say(field)}`)
    .join(", ");
}

function say(value: unknown): string {
  if (value instanceof Uint8Array) return bytesToHex(value.subarray(0, 2));
  if (value instanceof ZamError) return `${value.code} ${value.message}`;
  if (Array.isArray(value)) return `[${value.map(say).join("; ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  return "node" in value && "lane" in value ? nameOf(value as StreamId) : sayAll(value);
}
