/** The process around a command, as src/cli/start.ts is on Node. */
import type { Outside } from "../../cli/context.ts";
import type { Engine } from "../../cli/engine-port.ts";
import { type Handlers, reportFailure, runCommandLine } from "../../cli/run.ts";
import { watchSignals } from "../../cli/signals.ts";
import { host } from "../host-functions.ts";
import { reportDefects, watchSignals as watchHostSignals } from "../node/loop.ts";
import { smallProcess } from "../node/process.ts";
import { handlers } from "./handlers.ts";
import { createIo } from "./io.ts";

const argv = host.arguments;
const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
const listeners = new Map<number, () => void>();

const outside: Outside = {
  io: createIo(),
  environment: host.environment(),
  // The commands that are in the table here ask for nothing else.
  loadEngine: async () => (await import("./engine-link.ts")).engine as Engine,
  interrupts: watchSignals(
    { on: (name, listener) => listeners.set(numbers[name], listener) },
    (status) => smallProcess.exit(status),
  ),
};
watchHostSignals((signal) => listeners.get(signal)?.());

/** A defect in a callback must not look like success, nor leave without a word. */
reportDefects((error) => smallProcess.exit(reportFailure(error, argv, outside)));

// The process ends with its command: what still waits then waits for nothing.
void runCommandLine(argv, outside, handlers as unknown as Handlers).then((status) =>
  smallProcess.exit(status),
);
