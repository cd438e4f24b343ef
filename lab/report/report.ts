/** Builds the report: charts from the figures, the browser script bundled, all in one page. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { LabResult } from "../lab-run.ts";
import { partsOf } from "./charts.ts";
import { pageOf } from "./page.ts";

export async function reportPage(result: LabResult): Promise<string> {
  const [script, chartStyle, style] = await Promise.all([
    bundledScript(),
    readFile(fileURLToPath(import.meta.resolve("chartist/dist/index.css")), "utf8"),
    readFile(join(import.meta.dirname, "report.css"), "utf8"),
  ]);
  return pageOf(result, partsOf(result), {
    script,
    chartStyle: chartStyle.replace(/\/\*#.*?\*\//g, ""),
    style,
  });
}

async function bundledScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "browser", "draw.ts")],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}
