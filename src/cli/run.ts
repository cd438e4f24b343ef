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

/** By command, loaded when it is asked for: starting is most of what `version` does. */
export type Handlers = { readonly [Name in CommandName]: () => Promise<Handler<Name>> };

/** Never throws. */
export async function runCommandLine(
  argv: readonly string[],
  outside: Outside,
  handlers: Handlers,
): Promise<number> {
  try {
    const parsed = parseCommandLine(argv, outside.environment);
    return await dispatch(parsed, new CliContext(outside, parsed.values), handlers);
  } catch (error) {
    return reportFailure(error, argv, outside);
  }
}

/** The cast joins a handler to the values that the parser made for the same command. */
async function dispatch(
  parsed: ParsedCommand,
  context: CliContext,
  handlers: Handlers,
): Promise<number> {
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
