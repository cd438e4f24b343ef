/** The process around a command: its streams, its signals, its end. */
import { fstatSync } from "node:fs";
import process from "node:process";
import { handlers } from "./handlers.ts";
import { createIo } from "./io.ts";
import { reportFailure, runCommandLine } from "./run.ts";
import { watchSignals } from "./signals.ts";
import type { Outside } from "./context.ts";

function stdinBytes(): number | undefined {
  try {
    const found = fstatSync(0);
    return found.isFile() ? found.size : undefined;
  } catch {
    return undefined;
  }
}

const argv = process.argv.slice(2);
const io = createIo({
  stdin: () => process.stdin,
  stdinBytes,
  stdout: process.stdout,
  stderr: process.stderr,
  nowMs: Date.now,
});
const outside: Outside = {
  io,
  environment: process.env,
  loadEngine: async () => (await import("./engine-link.ts")).engine,
  interrupts: watchSignals(process, (status) => process.exit(status)),
};

/** A defect in a callback must not look like success, nor leave without a word. */
function onDefect(error: unknown): void {
  process.exit(reportFailure(error, argv, outside));
}
process.on("uncaughtException", onDefect);
process.on("unhandledRejection", onDefect);

const status = await runCommandLine(argv, outside, handlers);
await io.flush();
process.exit(status);
