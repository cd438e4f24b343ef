/** What a program finds without asking for it; must be loaded before anything that uses it. */
import { SmallAbortController, SmallAbortSignal } from "./abort.ts";
import { SmallBuffer, SmallTextDecoder, SmallTextEncoder } from "./buffer.ts";
import { soon, startTimer, stopTimer } from "./loop.ts";
import { performance } from "./perf-hooks.ts";
import { smallProcess } from "./process.ts";

Object.assign(globalThis, {
  AbortController: SmallAbortController,
  AbortSignal: SmallAbortSignal,
  Buffer: SmallBuffer,
  TextDecoder: SmallTextDecoder,
  TextEncoder: SmallTextEncoder,
  performance,
  process: smallProcess,
  setImmediate: soon,
  setTimeout: (task: () => void, delayMs = 0) => startTimer(task, delayMs),
  setInterval: (task: () => void, everyMs: number) => startTimer(task, everyMs, everyMs),
  clearTimeout: stopTimer,
  clearInterval: stopTimer,
  /** Of what JSON can say. */
  structuredClone: (value: unknown): unknown => JSON.parse(JSON.stringify(value)),
  queueMicrotask: (task: () => void) => {
    void Promise.resolve().then(task);
  },
});
