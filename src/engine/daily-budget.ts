/**
 * `--daily-budget`: bytes in both directions, TLS included, that a daemon may
 * spend a day. It survives restarts, and a clock that jumps cannot fill it again
 * and again (RULES 37).
 *
 * Bytes are reserved on disk before they are spent, a step at a time, so that a
 * power cut costs a step and not the day. A day begins when the local date is
 * later than that of the last refill, or when the node has been up for 24 hours
 * since, whichever comes first: a clock that goes back refills nothing, and one
 * that once said 2099 does not keep the node silent until then.
 */
import { ByteReader, ByteWriter } from "../core/bytes.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import type { SidecarFolder } from "./peer-book.ts";

const fileName = "daily.budget";
const version = 1;
const dayMs = 86_400_000;
/** Spent within seconds on the links that budgets are for, and written that often at most. */
const stepBytesMax = 128 * 1024;

interface Ledger {
  /** Local days since 1970, of the last refill. */
  readonly day: number;
  /** Spent since then, as far as it was known when this was written. */
  readonly spentBytes: number;
  /** May have been spent beyond that. */
  readonly reservedBytes: number;
  /** Time that the node was up since the refill. */
  readonly upMs: number;
}

export interface DailyBudgetInput {
  readonly folder: SidecarFolder;
  readonly bytesPerDay: number;
  /** Unix milliseconds of the local date and time: the best idea of the time there is. */
  readonly localMs: () => number;
  /** Milliseconds that never jump. */
  readonly upMs: () => number;
}

export class DailyBudget {
  private readonly input: DailyBudgetInput;
  private readonly stepBytes: number;
  private ledger: Ledger;
  private atUpMs: number;
  private writing: Promise<void> = Promise.resolve();

  constructor(input: DailyBudgetInput) {
    this.input = input;
    this.stepBytes = Math.min(stepBytesMax, Math.ceil(input.bytesPerDay / 8));
    this.atUpMs = input.upMs();
    const day = this.today();
    const stored = this.load(day);
    // What was reserved when the power went counts as spent.
    this.ledger =
      stored === undefined
        ? { day, spentBytes: 0, reservedBytes: 0, upMs: 0 }
        : { ...stored, spentBytes: stored.spentBytes + stored.reservedBytes, reservedBytes: 0 };
  }

  /** Bytes left today. */
  leftBytes(): number {
    this.refillWhenDue();
    return Math.max(0, this.input.bytesPerDay - this.ledger.spentBytes);
  }

  /** Until the next refill at the latest. */
  untilRefillMs(): number {
    this.refillWhenDue();
    const untilMidnightMs = dayMs - (this.input.localMs() % dayMs);
    const untilUpMs = dayMs - this.ledger.upMs;
    return Math.max(
      1000,
      this.today() < this.ledger.day ? untilUpMs : Math.min(untilMidnightMs, untilUpMs),
    );
  }

  /** Reserves the first step of what a connection may spend. Durable when it resolves. */
  async begin(): Promise<void> {
    this.refillWhenDue();
    await this.write({ reservedBytes: this.stepBytes });
  }

  /** The connection has spent so much more. Reserves the next step when half of this one is gone. */
  spend(bytes: number): void {
    this.refillWhenDue();
    const { spentBytes, reservedBytes } = this.ledger;
    this.ledger = {
      ...this.ledger,
      spentBytes: spentBytes + bytes,
      reservedBytes: Math.max(0, reservedBytes - bytes),
    };
    // A step that cannot be written down is no reason to stop: the next one is tried again.
    if (this.ledger.reservedBytes < this.stepBytes / 2)
      this.write({ reservedBytes: this.stepBytes }).catch(() => undefined);
  }

  /** The connection is over: gives back what was reserved and not spent. */
  async end(): Promise<void> {
    await this.write({ reservedBytes: 0 });
  }

  /** A file that cannot be opened counts as a day that is spent: the next one begins afresh. */
  private load(day: number): Ledger | undefined {
    try {
      return readLedger(this.input.folder);
    } catch (error) {
      if (!(error instanceof ZamError)) throw error;
      return { day, spentBytes: this.input.bytesPerDay, reservedBytes: 0, upMs: 0 };
    }
  }

  private today(): number {
    return Math.floor(this.input.localMs() / dayMs);
  }

  private refillWhenDue(): void {
    const nowMs = this.input.upMs();
    this.ledger = { ...this.ledger, upMs: this.ledger.upMs + Math.max(0, nowMs - this.atUpMs) };
    this.atUpMs = nowMs;
    const day = this.today();
    if (day <= this.ledger.day && this.ledger.upMs < dayMs) return;
    this.ledger = { day, spentBytes: 0, reservedBytes: this.ledger.reservedBytes, upMs: 0 };
  }

  private write(change: Pick<Ledger, "reservedBytes">): Promise<void> {
    this.ledger = { ...this.ledger, ...change };
    const { ledger } = this;
    this.writing = this.writing
      .catch(() => undefined)
      .then(() => this.input.folder.write(fileName, encodeLedger(ledger)));
    return this.writing;
  }
}

function encodeLedger(ledger: Ledger): Uint8Array {
  const out = new ByteWriter(32);
  out.u8(version);
  out.varint(ledger.day);
  out.varint(ledger.spentBytes);
  out.varint(ledger.reservedBytes);
  out.varint(Math.round(ledger.upMs));
  return out.take();
}

/** Undefined when there is none. @throws ZamError when there is one that cannot be opened */
function readLedger(folder: SidecarFolder): Ledger | undefined {
  const bytes = folder.read(fileName);
  if (bytes === undefined) return undefined;
  const reader = new ByteReader(bytes);
  if (reader.u8() !== version) return undefined;
  const ledger = {
    day: reader.varint(),
    spentBytes: reader.varint(),
    reservedBytes: reader.varint(),
    upMs: reader.varint(),
  };
  return reader.finished ? ledger : undefined;
}
