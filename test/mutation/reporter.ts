/** Says while a run goes on how far it is, and lists what survived so far: all of core takes hours. */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import type { MutantResult, StrykerOptions } from "@stryker-mutator/api/core";
import { commonTokens, declareClassPlugin, PluginKind, tokens } from "@stryker-mutator/api/plugin";
import type { MutationTestingPlanReadyEvent, Reporter } from "@stryker-mutator/api/report";
import {
  identityOf,
  isDrawn,
  type MutantIdentity,
  type Settings,
  settingsKey,
} from "./settings.ts";
import { survivorLine } from "./table.ts";

const mutantsPerLine = 100;

class CoreReporter implements Reporter {
  static readonly inject = tokens(commonTokens.options);
  private readonly settings: Settings;
  private readonly file: string;
  private toTry = 0;
  private tried = 0;
  private found = 0;

  constructor(options: StrykerOptions) {
    this.settings = options[settingsKey] as Settings;
    this.file = `${this.settings.reports}/survivors.txt`;
  }

  onMutationTestingPlanReady({ mutantPlans }: MutationTestingPlanReadyEvent): void {
    this.toTry = mutantPlans.filter(({ mutant }) => this.counts(mutant)).length;
    mkdirSync(this.settings.reports, { recursive: true });
    writeFileSync(this.file, "");
  }

  onMutantTested(result: Readonly<MutantResult>): void {
    if (!this.counts({ ...identityOf(result), status: result.status })) return;
    this.tried += 1;
    if (result.status === "Killed" || result.status === "Timeout") this.found += 1;
    const line = survivorLine(result);
    if (line !== undefined) appendFileSync(this.file, `${line}\n`);
    if (this.tried % mutantsPerLine === 0) {
      process.stdout.write(`${this.tried} of ${this.toTry} tried, ${this.found} found\n`);
    }
  }

  private counts(mutant: MutantIdentity & { readonly status?: string }): boolean {
    return mutant.status !== "Ignored" && isDrawn(mutant, this.settings);
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Reporter, "core", CoreReporter)];
