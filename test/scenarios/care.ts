/** What the scenarios of `compact` and `expire` share. */
import { runOk, summaryOf } from "./harness.ts";

export interface CareJson {
  readonly dropped: number;
  readonly kept: Readonly<Record<string, number>>;
  readonly freedBytes: number;
}

/** Drops at once what a hub has confirmed. */
export async function compactNow(dir: string, ...args: readonly string[]): Promise<CareJson> {
  return summaryOf(await runOk(["compact", dir, "--grace", "0s", "--json", ...args]));
}

export async function expire(dir: string, ...args: readonly string[]): Promise<CareJson> {
  return summaryOf(await runOk(["expire", dir, "--json", ...args]));
}
