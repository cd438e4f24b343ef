/**
 * The command in this process: the same parser, handlers and engine as a process of
 * its own, without the third of a second that starting one takes. Not for two
 * commands at once on one directory, nor for anything that is killed or given faults:
 * those are real processes.
 */
import { PassThrough, Readable } from "node:stream";
import type { Ran } from "../../lab/command.ts";
import { engine } from "../../src/cli/engine-link.ts";
import { createIo } from "../../src/cli/io.ts";
import { handlers } from "../../src/cli/handlers.ts";
import { runCommandLine } from "../../src/cli/run.ts";

function collect(stream: PassThrough): () => string {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

/** Runs one command to its end, whatever its exit status. */
export async function runInside(
  args: readonly string[],
  input: string | Uint8Array = "",
): Promise<Ran> {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const stdout = collect(streams.stdout);
  const stderr = collect(streams.stderr);
  const io = createIo({
    ...streams,
    stdin: () => Readable.from([Buffer.from(input)]),
    stdinBytes: () => undefined,
    nowMs: Date.now,
  });
  const status = await runCommandLine(
    args,
    {
      io,
      environment: { NO_COLOR: "1" },
      loadEngine: async () => engine,
      interrupts: { graceful: () => new AbortController().signal, onHangup: () => undefined },
    },
    handlers,
  );
  await io.flush();
  return { args, status, signal: null, stdout: stdout(), stderr: stderr() };
}
