/** What every command gets: streams, the engine, signals, and how to print. */
import type { FlagValues } from "../command/flag.ts";
import type { outputFlags } from "../command/common-flags.ts";
import type { Environment } from "../command/parse.ts";
import type { Styler, View } from "../command/text.ts";
import type { Engine } from "./engine-port.ts";
import { type Io, LineWriter } from "./io.ts";
import { ProgressLine } from "./progress.ts";
import type { Interrupts } from "./signals.ts";
import { isDecorated, stylerFor } from "./style.ts";

export type OutputValues = FlagValues<typeof outputFlags>;

export interface Outside {
  readonly io: Io;
  readonly environment: Environment;
  /** Loaded only when a command needs it: `version` and `help` must be quick. */
  readonly loadEngine: () => Promise<Engine>;
  readonly interrupts: Interrupts;
}

export class CliContext {
  readonly io: Io;
  readonly environment: Environment;
  readonly loadEngine: () => Promise<Engine>;
  readonly graceful: Interrupts["graceful"];
  readonly onHangup: Interrupts["onHangup"];
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly isVerbose: boolean;
  readonly errStyle: Styler;
  readonly lines: LineWriter;
  private readonly outStyle: Styler;
  private readonly hasProgress: boolean;

  constructor(outside: Outside, output: OutputValues) {
    const { io, environment } = outside;
    this.io = io;
    this.environment = environment;
    this.loadEngine = outside.loadEngine;
    this.graceful = outside.interrupts.graceful;
    this.onHangup = outside.interrupts.onHangup;
    this.isJson = output.json;
    this.isQuiet = output.quiet;
    this.isVerbose = output.verbose;
    const { noColor } = output;
    this.outStyle = stylerFor({ isTty: io.isOutTty, noColor, environment });
    this.errStyle = stylerFor({ isTty: io.isErrTty, noColor, environment });
    this.hasProgress =
      !this.isJson && !this.isQuiet && isDecorated({ isTty: io.isErrTty, noColor, environment });
    this.lines = new LineWriter(io);
  }

  view(): View {
    const view = { style: this.outStyle, nowMs: this.io.nowMs(), isVerbose: this.isVerbose };
    return this.io.columns === undefined ? view : { ...view, columns: this.io.columns };
  }

  /** What was asked for: printed also with `--quiet`. */
  print(text: string): Promise<void> | undefined {
    return this.io.out(`${text}\n`);
  }

  printJson(value: object): Promise<void> | undefined {
    return this.print(JSON.stringify(value));
  }

  /** What happened: not printed with `--quiet`. As JSON with `--json`. */
  tell(text: () => string, json: () => object): Promise<void> | undefined {
    if (this.isJson) return this.printJson(json());
    return this.isQuiet ? undefined : this.print(text());
  }

  /** What a person should know besides; scripts find it in the JSON. */
  notice(text: string): void {
    if (!this.isJson && !this.isQuiet) this.io.err(`${this.errStyle.yellow("note:")} ${text}\n`);
  }

  progress(): ProgressLine {
    return new ProgressLine(this.hasProgress ? this.io : undefined);
  }
}
