/**
 * The time by which events age (RULES 38): it goes on with the machine's uptime and with
 * nothing else. A wall clock that jumps forward, and the time that a node was off, make
 * nothing older; a wall clock that is behind holds it back, and one that has run evenly for
 * long enough is believed.
 *
 * Where it stood is in a sealed file, with the uptime and the boot at that moment.
 */
import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import { ByteReader, ByteWriter } from "../core/bytes.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import type { Log } from "../core/log/api.ts";
import { buildMs } from "./build.ts";
import type { SidecarFolder } from "./peer-book.ts";

const fileName = "aging.clock";
const version = 1;
/** More than this at once is a jump, or a time that the node was off. */
const jumpMs = 3_600_000;

/** What the machine can be asked that no wall clock changes. */
export interface Boot {
  /** Differs after each start of the machine; empty where it cannot be told. */
  readonly id: string;
  readonly upMs: () => number;
}

export interface AgingClockInput {
  readonly folder: SidecarFolder;
  readonly boot: Boot;
  readonly wallMs: () => number;
  /** A time that is known to have been. */
  readonly knownMs: number;
  /** The newest that anything was received, by the wall clock of then: believed only where nothing else is known. */
  readonly receivedMs: number;
}

/** What was stored, or what there was to begin with. */
interface Aged {
  readonly agedMs: number;
  readonly upMs: number;
  readonly bootId: string;
  /** How far the wall clock was ahead. */
  readonly aheadMs: number;
  /** Uptime for which that had been so. */
  readonly steadyMs: number;
}

export class AgingClock {
  private readonly input: AgingClockInput;
  private readonly startMs: number;
  private readonly startUpMs: number;
  private aheadMs: number;
  private steadyMs: number;
  private seenUpMs: number;

  constructor(input: AgingClockInput) {
    const { boot, knownMs, receivedMs } = input;
    this.input = input;
    this.startUpMs = boot.upMs();
    this.seenUpMs = this.startUpMs;
    const stored = this.load();
    const isSameBoot = boot.id !== "" && stored?.bootId === boot.id;
    const elapsedMs = Math.max(0, this.startUpMs - (isSameBoot ? stored.upMs : 0));
    this.startMs = Math.max((stored?.agedMs ?? receivedMs) + elapsedMs, knownMs);
    this.aheadMs = stored?.aheadMs ?? input.wallMs() - this.startMs;
    this.steadyMs = stored === undefined ? 0 : stored.steadyMs + elapsedMs;
  }

  /**
   * Now, for the question whether something is `ageMs` old: when the wall clock has run evenly
   * for that much uptime, all that it dates back so far is that old, whatever it did before.
   */
  nowMs(ageMs: number): number {
    this.look();
    const wallMs = this.input.wallMs();
    return this.steadyMs >= ageMs ? wallMs : Math.min(wallMs, this.agedMs());
  }

  /** Durable when it resolves. */
  async save(): Promise<void> {
    this.look();
    const { boot, folder } = this.input;
    const out = new ByteWriter(64);
    out.u8(version);
    out.varint(this.agedMs());
    out.varint(this.seenUpMs);
    out.text(boot.id);
    out.u8(this.aheadMs < 0 ? 1 : 0);
    out.varint(Math.abs(this.aheadMs));
    out.varint(this.steadyMs);
    await folder.write(fileName, out.take());
  }

  private agedMs(): number {
    return this.startMs + this.input.boot.upMs() - this.startUpMs;
  }

  private look(): void {
    const upMs = this.input.boot.upMs();
    const aheadMs = this.input.wallMs() - this.agedMs();
    const isSteady = Math.abs(aheadMs - this.aheadMs) <= jumpMs;
    this.steadyMs = isSteady ? this.steadyMs + upMs - this.seenUpMs : 0;
    this.aheadMs = aheadMs;
    this.seenUpMs = upMs;
  }

  private load(): Aged | undefined {
    try {
      const content = this.input.folder.read(fileName);
      const reader = new ByteReader(content ?? new Uint8Array(0));
      const isKnown = reader.u8() === version;
      const agedMs = reader.varint();
      const upMs = reader.varint();
      const bootId = reader.text(64);
      const sign = reader.u8() === 1 ? -1 : 1;
      const aheadMs = sign * reader.varint();
      const steadyMs = reader.varint();
      return isKnown && reader.finished ? { agedMs, upMs, bootId, aheadMs, steadyMs } : undefined;
    } catch (error) {
      if (error instanceof ZamError) return undefined;
      throw error;
    }
  }
}

export function openAgingClock(log: Log, folder: SidecarFolder): AgingClock {
  const newest = log.readArrivals(log.lastOrdinal - 1, { events: 1, bytes: 1 })[0];
  return new AgingClock({
    folder,
    boot: thisBoot,
    wallMs: Date.now,
    knownMs: Math.max(buildMs, log.trustedTimeMs),
    receivedMs: newest?.receivedMs ?? 0,
  });
}

function readBootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim().slice(0, 64);
  } catch {
    return "";
  }
}

const thisBoot: Boot = { id: readBootId(), upMs: () => Math.floor(uptime() * 1000) };
