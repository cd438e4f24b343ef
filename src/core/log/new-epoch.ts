/** The own epoch ends for ever, and a fresh random one begins (RULES 22, 38). */
import type { LogCore } from "./core.ts";
import { randomEpoch } from "./random-epoch.ts";
import { stageMark } from "./stage-mark.ts";

export function stageNewEpoch(
  core: LogCore,
  fact: { readonly reason: string; readonly restartHlcAtMs?: number },
  wallMs: number,
): void {
  const restartMs = fact.restartHlcAtMs;
  const epoch = randomEpoch(core);
  stageMark(core, { kind: "newEpoch", epoch, reason: fact.reason, restartMs }, wallMs);
  // A failed group takes `stagedEpoch` back to the durable one by itself.
  core.stagedEpoch = epoch;
  core.knownOrdinals.clear();
  if (restartMs !== undefined) core.clock.restart(restartMs);
}
