/** node:perf_hooks. */
import { host } from "../host-functions.ts";
import { idleTimeMs } from "./loop.ts";

const startedMs = host.steadyMs();

export interface EventLoopUtilization {
  readonly idle: number;
  readonly active: number;
  readonly utilization: number;
}

export const performance = {
  now: (): number => host.steadyMs() - startedMs,

  /** Since the start, or since a former answer. */
  eventLoopUtilization(since?: EventLoopUtilization): EventLoopUtilization {
    const idle = idleTimeMs() - (since?.idle ?? 0);
    const all = performance.now() - (since === undefined ? 0 : since.idle + since.active);
    const active = Math.max(0, all - idle);
    return { idle, active, utilization: all <= 0 ? 0 : active / all };
  },
};
