/**
 * SIGINT and SIGTERM. A command that has something to finish asks for the
 * abort signal and ends by itself; the rest end at once. A second signal
 * always ends the process. SIGHUP ends it too, unless a command takes it for "read your
 * rules again".
 */

export interface Interrupts {
  /** From now on the first signal aborts instead of ending the process. */
  readonly graceful: () => AbortSignal;
  /** From now on SIGHUP calls this, and ends nothing. */
  readonly onHangup: (listener: () => void) => void;
}

export interface SignalSource {
  readonly on: (name: "SIGINT" | "SIGTERM" | "SIGHUP", listener: () => void) => unknown;
}

const numberOf = { SIGINT: 2, SIGTERM: 15 } as const;

/** `end` is called with 128 + the signal's number, as shells do. */
export function watchSignals(source: SignalSource, end: (status: number) => void): Interrupts {
  const controller = new AbortController();
  let isGraceful = false;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    source.on(name, () => {
      if (!isGraceful || controller.signal.aborted) end(128 + numberOf[name]);
      else controller.abort();
    });
  }
  return {
    graceful: () => {
      isGraceful = true;
      return controller.signal;
    },
    onHangup: (listener) => void source.on("SIGHUP", listener),
  };
}
