/**
 * `npm run bench`: the figures that the project promises, measured on this machine,
 * with what they are compared to measured in the same run. Takes some minutes:
 * a log of 1,000,000 events is written. `--scale 0.1` is a quick look, `--only wire`
 * one part. Works in a scratch folder that is removed (`--dir` says where). Exits 1
 * when a figure misses its bound.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connections } from "./bench/connections.ts";
import { fairness } from "./bench/fairness.ts";
import { http } from "./bench/http.ts";
import { hub } from "./bench/hub.ts";
import { largeLog } from "./bench/large-log.ts";
import { load } from "./bench/load.ts";
import { describeMachine } from "./bench/machine.ts";
import { project } from "./bench/project.ts";
import { pushRate } from "./bench/push-rate.ts";
import { holds } from "./bench/section.ts";
import type { Figure, Section } from "./bench/section.ts";
import { wire } from "./bench/wire.ts";
import { killAll } from "./command.ts";
import { createStage, grouped } from "./stage.ts";

const sections: Readonly<Record<string, Section>> = {
  push: pushRate,
  log: largeLog,
  wire,
  connections,
  load,
  fairness,
  hub,
  http,
  project,
};

function valueText({ name, value, bound }: Figure): string {
  const digits = value < 100 || name.endsWith("%") ? 1 : 0;
  if (bound === undefined) return grouped(value, digits);
  const limit = "atLeast" in bound ? `at least ${bound.atLeast}` : `at most ${bound.atMost}`;
  return `${grouped(value, digits)}  (${limit})`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true },
      scale: { type: "string", default: "1" },
      dir: { type: "string", default: tmpdir() },
    },
  });
  const wanted = values.only ?? Object.keys(sections);
  const scale = Number(values.scale);
  if (wanted.some((name) => sections[name] === undefined) || !(scale > 0 && scale <= 1)) {
    console.error(
      `usage: npm run bench -- [--only ${Object.keys(sections).join("|")}]… [--scale 0.1] [--dir DIR]`,
    );
    return 2;
  }
  const stage = createStage();
  const scratch = await mkdtemp(join(values.dir, "zb-"));
  const clean = () => rm(scratch, { recursive: true, force: true });
  process.once("SIGINT", () => {
    killAll();
    void clean().finally(() => process.exit(130));
  });
  stage.figures("Machine", describeMachine(scratch));
  try {
    for (const name of wanted) {
      stage.step(name);
      const figures = (await sections[name]?.({ scratch, stage, scale })) ?? [];
      stage.figures(
        `Figures: ${name}`,
        figures.map((figure) => [figure.name, valueText(figure)]),
      );
      for (const figure of figures)
        if (figure.bound !== undefined) stage.check(figure.name, holds(figure), valueText(figure));
    }
  } finally {
    killAll();
    await clean();
  }
  return stage.failures.length === 0 ? 0 : 1;
}

process.exitCode = await main();
