/** How long this disk takes to make a small record durable: the time that every push waits. */
import { open } from "node:fs/promises";
import type { TortureReport } from "./report.ts";

const recordBytes = 512;

export class FsyncMeter {
  private readonly samplesMs: number[] = [];
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Appends and fdatasyncs so many records. */
  async measure(count: number): Promise<void> {
    const record = Buffer.alloc(recordBytes, 0x5a);
    const file = await open(this.path, "w");
    try {
      for (let made = 0; made < count; made++) {
        await file.write(record);
        const startedMs = performance.now();
        await file.datasync();
        this.samplesMs.push(performance.now() - startedMs);
      }
    } finally {
      await file.close();
    }
  }

  summary(): TortureReport["fsync"] {
    const sorted = this.samplesMs.toSorted((a, b) => a - b);
    const quantile = (share: number): number =>
      hundredths(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
    return {
      count: sorted.length,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      maxMs: hundredths(sorted.at(-1) ?? 0),
    };
  }
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
