/**
 * Which blocks of the sources were reached, by V8's own counters: what tells an
 * interesting input from one more of the same. Reading the counters takes some
 * milliseconds, so a whole batch is asked about, and the input that reached
 * something new is looked for by halves.
 */
import { Session } from "node:inspector";

interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly {
      readonly startOffset: number;
      readonly endOffset: number;
      readonly count: number;
    }[];
  }[];
}

/** The sources under test, not the tests. */
const isSource = (url: string): boolean => /\/src\/.*\.ts$/.test(url) && !/\.test[-.]/.test(url);

type Rerun = (input: Uint8Array) => Promise<unknown>;

export class CoverageMeter {
  private readonly session = new Session();
  private readonly known = new Set<string>();

  constructor() {
    this.session.connect();
    this.post("Profiler.enable");
    this.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  get blockCount(): number {
    return this.known.size;
  }

  close(): void {
    this.session.disconnect();
  }

  /** What was reached so far is known from now on. */
  learn(): void {
    for (const block of this.take()) this.known.add(block);
  }

  /** After the batch has run: the inputs that reached a block that nothing had reached before. */
  async findNew(batch: readonly Uint8Array[], rerun: Rerun): Promise<readonly Uint8Array[]> {
    const fresh = this.take().filter((block) => !this.known.has(block));
    if (fresh.length === 0) return [];
    const found = await this.search(batch, new Set(fresh), rerun);
    for (const block of fresh) this.known.add(block);
    return found;
  }

  /** The first input that reaches any of the blocks, then the next for what is left. */
  private async search(
    batch: readonly Uint8Array[],
    wanted: Set<string>,
    rerun: Rerun,
  ): Promise<readonly Uint8Array[]> {
    const found: Uint8Array[] = [];
    for (let rest = batch; rest.length > 0 && wanted.size > 0; ) {
      let [from, to] = [0, rest.length];
      while (to - from > 1) {
        const middle = (from + to) >> 1;
        if ((await this.reach(rest.slice(from, middle), wanted, rerun)).length > 0) to = middle;
        else from = middle;
      }
      const one = rest[from];
      if (one === undefined) break;
      const reached = await this.reach([one], wanted, rerun);
      if (reached.length === 0) break;
      for (const block of reached) wanted.delete(block);
      found.push(one);
      rest = rest.slice(from + 1);
    }
    return found;
  }

  private async reach(
    inputs: readonly Uint8Array[],
    wanted: ReadonlySet<string>,
    rerun: Rerun,
  ): Promise<readonly string[]> {
    this.take();
    for (const input of inputs) await rerun(input);
    return this.take().filter((block) => wanted.has(block));
  }

  /** Blocks run since the last call. */
  private take(): string[] {
    let scripts: readonly ScriptCoverage[] = [];
    this.session.post("Profiler.takePreciseCoverage", (_error, result) => {
      scripts = result.result;
    });
    const blocks: string[] = [];
    for (const { url, functions } of scripts) {
      if (!isSource(url)) continue;
      const name = url.slice(url.indexOf("/src/"));
      for (const { ranges } of functions)
        for (const { startOffset, endOffset, count } of ranges)
          if (count > 0) blocks.push(`${name}:${startOffset}-${endOffset}`);
    }
    return blocks;
  }

  private post(method: string, params?: object): void {
    this.session.post(method, params);
  }
}
