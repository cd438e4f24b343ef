/** A `daemon` of its own process, for scenarios that change the world under it. */
import type { ChildProcess } from "node:child_process";
import type { TestContext } from "node:test";
import { digest, runProcess } from "./harness.ts";
import type { Ran } from "./harness.ts";

export interface RunningDaemon {
  /** SIGTERM, and what it had printed. */
  stop(): Promise<Ran>;
  /** kill -9. */
  kill(): Promise<Ran>;
}

export function startDaemon(
  t: TestContext,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningDaemon {
  let child: ChildProcess | undefined;
  const running = runProcess(["daemon", ...args, "--json"], {
    env,
    timeoutMs: 120_000,
    onStart: (started) => {
      child = started;
    },
  });
  t.after(() => child?.kill("SIGKILL"));
  const end = (signal: NodeJS.Signals) => {
    child?.kill(signal);
    return running;
  };
  return { stop: () => end("SIGTERM"), kill: () => end("SIGKILL") };
}

/** Waits until a directory holds this many events. */
export async function untilHeld(dir: string, count: number, timeoutMs = 60_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const held = (await digest(dir)).length;
    if (held >= count) return;
    if (performance.now() > endMs) throw new Error(`${held} of ${count} events after a minute`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
