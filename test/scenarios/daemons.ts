/** A `daemon` of its own process, for scenarios that change the world under it. */
import type { ChildProcess } from "node:child_process";
import type { TestContext } from "node:test";
import { digest, jsonLines, runProcess } from "./harness.ts";
import type { Ran } from "./harness.ts";

export interface RunningDaemon {
  /** SIGTERM, and what it had printed. */
  stop(): Promise<Ran>;
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
  return {
    stop() {
      child?.kill("SIGTERM");
      return running;
    },
  };
}

/** Lines of a daemon that tell of a sync that came to its end. */
export function syncsOf(ran: Ran): number {
  return jsonLines<{ readonly event: string }>(ran.stdout).filter(({ event }) => event === "synced")
    .length;
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
