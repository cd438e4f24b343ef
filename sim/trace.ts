/**
 * What happened in a run, line by line: a hash of all of it (two runs of one
 * seed must give the same), and the last lines for whoever looks at a failure.
 */
import { createHash } from "node:crypto";

const keptLines = 400;

export class Trace {
  private readonly hash = createHash("sha256");
  private readonly lines: string[] = [];
  private readonly sink: ((line: string) => void) | undefined;

  constructor(sink?: (line: string) => void) {
    this.sink = sink;
  }

  note(line: string): void {
    this.hash.update(line);
    this.hash.update("\n");
    this.lines.push(line);
    if (this.lines.length > keptLines * 2) this.lines.splice(0, keptLines);
    this.sink?.(line);
  }

  bytes(label: string, bytes: Uint8Array): void {
    this.hash.update(`${label} ${bytes.length}\n`);
    this.hash.update(bytes);
  }

  get recent(): readonly string[] {
    return this.lines.slice(-keptLines);
  }

  digest(): string {
    return this.hash.copy().digest("hex").slice(0, 16);
  }
}
