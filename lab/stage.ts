/**
 * What the demo and the benchmarks say while they run: steps, a live line on a
 * terminal (plain lines elsewhere), checks that are counted, and figures in columns.
 */
import { styleText } from "node:util";

export interface Stage {
  /** A heading: what happens now. */
  step(text: string): void;
  /** Something worth knowing about the step. */
  note(text: string): void;
  /** Progress: rewrites one line on a terminal; elsewhere at most a line every two seconds. */
  live(text: string): void;
  /** Says whether a claim held, and remembers the ones that did not. */
  check(claim: string, holds: boolean, detail?: string): void;
  /** A table of figures. */
  figures(title: string, rows: readonly (readonly [string, string])[]): void;
  readonly failures: readonly string[];
}

const plainLiveEveryMs = 2000;

export function createStage(out: NodeJS.WriteStream = process.stdout): Stage {
  const isTerminal = out.isTTY === true && process.env.TERM !== "dumb";
  const isColoured = isTerminal && process.env.NO_COLOR === undefined;
  const failures: string[] = [];
  let isLive = false;
  let lastLiveMs = Number.NEGATIVE_INFINITY;
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    isColoured ? styleText(format, text, { validateStream: false }) : text;
  const line = (text: string) => {
    if (isLive) out.write("\r\x1b[2K");
    isLive = false;
    out.write(`${text}\n`);
  };

  return {
    failures,
    step: (text) => line(`${style("bold", `\n${text}`)}`),
    note: (text) => line(`  ${text}`),
    live(text) {
      if (isTerminal) {
        out.write(`\r\x1b[2K  ${text.slice(0, (out.columns ?? 80) - 3)}`);
        isLive = true;
        return;
      }
      if (performance.now() - lastLiveMs < plainLiveEveryMs) return;
      lastLiveMs = performance.now();
      line(`  ${text}`);
    },
    check(claim, holds, detail) {
      const verdict = holds ? style("green", "ok  ") : style("red", "FAIL");
      line(`  ${verdict} ${claim}${detail === undefined ? "" : style("dim", ` (${detail})`)}`);
      if (!holds) failures.push(claim);
    },
    figures(title, rows) {
      line(style("bold", `\n${title}`));
      const width = Math.max(...rows.map(([name]) => name.length));
      for (const [name, value] of rows) line(`  ${name.padEnd(width)}  ${value}`);
    },
  };
}

/** A bar of `width` characters for a share from 0 to 1. */
export function bar(share: number, width = 24): string {
  const full = Math.round(Math.max(0, Math.min(1, share)) * width);
  return "#".repeat(full) + ".".repeat(width - full);
}

/** 1234567 as "1,234,567". */
export function grouped(value: number, digits = 0): string {
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
