/** One command, from the argument list to the exit status. */
import { AssertionError, ZamError } from "../core/errors/zam-error.ts";
import { parseCommandLine, wantsJson } from "../command/parse.ts";
import { errorToJson, errorToText } from "../command/render-error.ts";
import type { CommandName, ParsedCommand, ValuesOf } from "../command/table.ts";
import { CliContext, type Outside } from "./context.ts";
import { stylerFor } from "./style.ts";

export type Handler<Name extends CommandName> = (
  values: ValuesOf<Name>,
  context: CliContext,
) => Promise<number>;

/** Each command's code is loaded when it is asked for: starting is most of what `version` does. */
const handlers: { readonly [Name in CommandName]: () => Promise<Handler<Name>> } = {
  keygen: async () => (await import("./commands/identity.ts")).keygen,
  sign: async () => (await import("./commands/identity.ts")).sign,
  install: async () => (await import("./commands/identity.ts")).install,
  revoke: async () => (await import("./commands/identity.ts")).revoke,
  nodes: async () => (await import("./commands/identity.ts")).nodes,
  token: async () => (await import("./commands/token.ts")).token,
  push: async () => (await import("./commands/push.ts")).push,
  pull: async () => (await import("./commands/pull.ts")).pull,
  audit: async () => (await import("./commands/audit.ts")).audit,
  serve: async () => (await import("./commands/serve.ts")).serve,
  sync: async () => (await import("./commands/sync.ts")).sync,
  daemon: async () => (await import("./commands/daemon.ts")).daemon,
  ping: async () => (await import("./commands/ping.ts")).ping,
  peers: async () => (await import("./commands/status.ts")).peers,
  status: async () => (await import("./commands/status.ts")).status,
  project: async () => (await import("./commands/project.ts")).project,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  snapshot: async () => (await import("./commands/snapshot.ts")).snapshot,
  restore: async () => (await import("./commands/snapshot.ts")).restore,
  compact: async () => (await import("./commands/care.ts")).compact,
  expire: async () => (await import("./commands/care.ts")).expire,
  rekey: async () => (await import("./commands/care.ts")).rekey,
  bench: async () => (await import("./commands/bench.ts")).bench,
  torture: async () => (await import("./commands/torture.ts")).torture,
  version: async () => (await import("./commands/version.ts")).version,
  help: async () => (await import("./commands/help.ts")).help,
  completion: async () => (await import("./commands/help.ts")).completion,
};

/** Never throws. */
export async function runCommandLine(argv: readonly string[], outside: Outside): Promise<number> {
  try {
    const parsed = parseCommandLine(argv, outside.environment);
    return await dispatch(parsed, new CliContext(outside, parsed.values));
  } catch (error) {
    return reportFailure(error, argv, outside);
  }
}

/** The cast joins a handler to the values that the parser made for the same command. */
async function dispatch(parsed: ParsedCommand, context: CliContext): Promise<number> {
  const handler = (await handlers[parsed.command]()) as Handler<CommandName>;
  return await handler(parsed.values as ValuesOf<CommandName>, context);
}

/** Prints the error, and gives its exit status. */
export function reportFailure(error: unknown, argv: readonly string[], outside: Outside): number {
  const known = error instanceof ZamError ? error : defect(error);
  const { io, environment } = outside;
  if (wantsJson(argv)) {
    io.err(`${JSON.stringify(errorToJson(known))}\n`);
  } else {
    const style = stylerFor({
      isTty: io.isErrTty,
      noColor: argv.includes("--no-color"),
      environment,
    });
    io.err(`${errorToText(known, style)}\n`);
  }
  const isVerbose = argv.includes("--verbose") || argv.includes("-v");
  const source = error instanceof ZamError ? error.cause : error;
  if (isVerbose && !wantsJson(argv) && source instanceof Error) io.err(`${source.stack ?? ""}\n`);
  return known.exitStatus;
}

function defect(error: unknown): ZamError {
  const problem =
    error instanceof AssertionError
      ? error.message
      : error instanceof Error
        ? error.message
        : String(error);
  return new ZamError("Z199", { problem }, error);
}
