/**
 * `npm run lab`: ZamSync and other ways of doing the same, side by side on the same bad
 * link with the same events, in one run. Writes one self-contained HTML page, and the
 * figures as JSON. With LAB_LINK=toxiproxy the link is the real Toxiproxy.
 *
 * Exits 1 when a peer that could run did not come to its end, 2 for a wrong option.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { killAll } from "./command.ts";
import { emulator, toxiproxyLinks } from "./lab-link.ts";
import type { LinkFactory } from "./lab-link.ts";
import { parseLabOptions, usage } from "./lab-options.ts";
import type { LabOptions } from "./lab-options.ts";
import { runLab } from "./lab-run.ts";
import { reportPage } from "./report/report.ts";
import { createStage } from "./stage.ts";

async function chosenLink(): Promise<LinkFactory> {
  const name = process.env.LAB_LINK ?? "emulator";
  if (name === "emulator") return emulator;
  if (name !== "toxiproxy") throw new Error(`LAB_LINK is emulator or toxiproxy, not ${name}`);
  const links = await toxiproxyLinks();
  if ("missing" in links) throw new Error(`Toxiproxy cannot run here: ${links.missing}`);
  return links;
}

async function main({ plan, outDir }: LabOptions): Promise<number> {
  const stage = createStage();
  const links = await chosenLink();
  stage.note(`link: ${links.title}; seed ${plan.seed}`);
  try {
    const result = await runLab(plan, links, stage);
    await mkdir(outDir, { recursive: true });
    const page = join(outDir, "report.html");
    await writeFile(join(outDir, "report.json"), `${JSON.stringify(result, undefined, 2)}\n`);
    await writeFile(page, await reportPage(result));
    stage.step(`Report: ${page}`);
  } finally {
    await links.close();
    killAll();
  }
  return stage.failures.length === 0 ? 0 : 1;
}

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    killAll();
    process.exit(1);
  });

let options: LabOptions | undefined;
try {
  options = parseLabOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : ""}\n${usage}`);
  process.exitCode = 2;
}
if (options !== undefined) process.exitCode = await main(options);
