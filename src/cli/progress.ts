/** One line on stderr that is drawn again and again, on a terminal only. */
import { fit } from "../command/text.ts";
import type { Io } from "./io.ts";

/** Faster than the eye helps nobody, and a slow serial console suffers. */
const drawEveryMs = 100;

export class ProgressLine {
  private readonly io: Io | undefined;
  private drawnAtMs = Number.NEGATIVE_INFINITY;
  private isShown = false;

  /** Without `io` nothing is ever drawn. */
  constructor(io: Io | undefined) {
    this.io = io;
  }

  get isActive(): boolean {
    return this.io !== undefined;
  }

  update(text: () => string): void {
    if (this.io === undefined) return;
    const nowMs = this.io.nowMs();
    if (nowMs - this.drawnAtMs < drawEveryMs && nowMs >= this.drawnAtMs) return;
    this.drawnAtMs = nowMs;
    this.isShown = true;
    this.io.err(`\r\u001b[K${fit(text(), (this.io.columns ?? 80) - 1)}`);
  }

  /** Leaves a clean line for what follows. */
  clear(): void {
    if (this.isShown) this.io?.err("\r\u001b[K");
    this.isShown = false;
    this.drawnAtMs = Number.NEGATIVE_INFINITY;
  }
}

/** A rate smoothed over about `windowMs`, so that the time left does not jump about. */
export class RateMeter {
  private lastMs: number | undefined;
  private lastTotal = 0;
  private rate = 0;
  private readonly windowMs: number;

  constructor(windowMs = 5000) {
    this.windowMs = windowMs;
  }

  /** Units per second, given the total so far. */
  measure(total: number, nowMs: number): number {
    if (this.lastMs === undefined || total < this.lastTotal || nowMs < this.lastMs) {
      this.lastMs = nowMs;
      this.lastTotal = total;
      return this.rate;
    }
    const spanMs = nowMs - this.lastMs;
    if (spanMs < 50) return this.rate;
    const now = ((total - this.lastTotal) * 1000) / spanMs;
    const weight = this.rate === 0 ? 1 : 1 - Math.exp(-spanMs / this.windowMs);
    this.rate += (now - this.rate) * weight;
    this.lastMs = nowMs;
    this.lastTotal = total;
    return this.rate;
  }
}
