/** node:timers/promises. */
import { soon, startTimer, stopTimer } from "./loop.ts";

export function setImmediate(): Promise<void> {
  return new Promise((resolve) => soon(resolve));
}

/** Rejects with the signal's reason when it aborts. */
export function setTimeout(
  delayMs: number,
  _value?: undefined,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      stopTimer(timer);
      reject(signal?.reason as Error);
    };
    const timer = startTimer(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener("abort", onAbort);
  });
}
