/**
 * `npm run edge:build -- --arch ARCH`: what is handed out of the small device, in
 * `dist-edge/ARCH`: the executable, its checksum, what it is made of (SPDX 2.3) and
 * under which licences. The same sources, compiler and commit give the same bytes.
 */
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Architecture, architectures } from "./architectures.ts";
import { billOfMaterials } from "./bill-of-materials.ts";
import { type Built, withProgram } from "./build.ts";
import { BuildError, MissingError, run } from "./run.ts";
import { type SourcePackage, sourcePackages } from "./sources.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** So that a script can tell a machine without a compiler from a build that is broken. */
const exitMissing = 3;

export interface Release {
  readonly folder: string;
  readonly executable: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** @throws BuildError that says what is missing, or what failed */
export function buildRelease(architecture: Architecture, folder: string): Promise<Release> {
  return withProgram(architecture, (built) => release(architecture, built, folder));
}

async function release(
  architecture: Architecture,
  { path, sizeBytes, sources }: Built,
  folder: string,
): Promise<Release> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const name = `zamsync-edge-${architecture.name}`;
  const executable = join(folder, name);
  copyFileSync(path, executable);
  chmodSync(executable, 0o755);
  writeFileSync(join(folder, "LICENSES.txt"), licences(sources));
  const compiler = await run(`${architecture.prefix}gcc`, ["-dumpfullversion"]);
  const bill = billOfMaterials({
    name,
    version: packageVersion(),
    createdAt: await commitTime(),
    compiler: compiler.trim(),
    sha256: sha256Of(executable),
    parts: Object.values(sourcePackages),
  });
  writeFileSync(join(folder, `${name}.spdx.json`), `${JSON.stringify(bill, undefined, 2)}\n`);
  const sums = ["LICENSES.txt", name, `${name}.spdx.json`].map(
    (file) => `${sha256Of(join(folder, file))}  ${file}\n`,
  );
  writeFileSync(join(folder, "SHA256SUMS"), sums.join(""));
  return { folder, executable, sizeBytes, sha256: sha256Of(executable) };
}

function licences(sources: Readonly<Record<string, string>>): string {
  const own = section("zamsync", "MIT", readFileSync(join(root, "LICENSE"), "utf8"));
  const others = Object.entries<SourcePackage>(sourcePackages).map(([key, source]) => {
    const text = readFileSync(join(sources[key] ?? "", source.licenseFile), "utf8");
    return section(`${source.name} ${source.version}`, source.license, text);
  });
  return [own, ...others].join("\n");
}

function section(title: string, licence: string, text: string): string {
  return `${"=".repeat(72)}\n${title} (${licence})\n${"=".repeat(72)}\n\n${text.trim()}\n`;
}

function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return (manifest as { readonly version: string }).version;
}

/** Of the commit, so that it is the same at each build of it. */
async function commitTime(): Promise<string> {
  const text = await run("git", ["-C", root, "log", "-1", "--format=%cI"]);
  return new Date(text.trim()).toISOString().replace(/\.\d+Z$/, "Z");
}

function sha256Of(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { arch: { type: "string", default: "x86_64" } } });
  const known = Object.keys(architectures).join(", ");
  for (const name of values.arch.split(",")) {
    const architecture = architectures[name];
    if (architecture === undefined) throw new BuildError(`--arch ${name}: one of ${known}`);
    const release = await buildRelease(architecture, join(root, "dist-edge", name));
    console.log(`${release.executable}  ${release.sizeBytes} bytes  sha256 ${release.sha256}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(`edge:build: ${error.message}`);
    process.exitCode = error instanceof MissingError ? exitMissing : 1;
  }
}
