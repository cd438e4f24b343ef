/**
 * Builds the small device's executable, and the runner of its tests, from pinned
 * sources. Everything downloaded or built on the way lies in `.edge`, which git
 * ignores, or where ZAMSYNC_EDGE_CACHE says; the same sources and compiler give the
 * same bytes.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Architecture } from "./architectures.ts";
import { buildExecutable } from "./executable.ts";
import { fetchSource } from "./fetch.ts";
import { buildLibraries, type SourceFolders, type Toolchain } from "./libraries.ts";
import { bundleProgram } from "./bundle.ts";
import { buildScriptCompiler, compileModules } from "./program.ts";
import { assertTool } from "./run.ts";
import { sourcePackages } from "./sources.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const cache = process.env.ZAMSYNC_EDGE_CACHE ?? join(root, ".edge");
const host = join(root, "src", "edge", "host");

/** Tools and sources of one architecture. @throws BuildError that says what is missing */
export async function prepare(
  architecture: Architecture,
  options: { readonly isSanitized?: boolean } = {},
): Promise<Toolchain> {
  for (const tool of ["gcc", "ar", "strip"])
    assertTool(`${architecture.prefix}${tool}`, architecture.compilerPackage);
  assertTool("gcc", "gcc libc6-dev");
  assertTool("make", "make");
  const sources: Partial<Record<keyof typeof sourcePackages, string>> = {};
  for (const [key, source] of Object.entries(sourcePackages))
    sources[key as keyof typeof sourcePackages] = await fetchSource(cache, source);
  return {
    architecture,
    cache,
    sources: sources as SourceFolders,
    mbedtlsConfig: join(host, "mbedtls-config.h"),
    isSanitized: options.isSanitized ?? false,
  };
}

/** The host alone, and the compiler that makes bytecode for it. */
export async function buildRunner(
  toolchain: Toolchain,
): Promise<{ readonly runner: string; readonly compiler: string }> {
  const runner = join(placeOf(toolchain), "runner");
  const libraries = await buildLibraries(toolchain);
  await buildExecutable({ toolchain, libraries, host, out: runner });
  return { runner, compiler: await compilerOf(toolchain) };
}

/** `zamsync-edge`: the host with the program in it. */
export async function buildProgram(
  toolchain: Toolchain,
): Promise<{ readonly path: string; readonly sizeBytes: number }> {
  const path = join(placeOf(toolchain), "zamsync-edge");
  const program = `${path}.bytecode`;
  const libraries = await buildLibraries(toolchain);
  const compiler = await compilerOf(toolchain);
  const { scripts } = await bundleProgram(`linux-${toolchain.architecture.name}`);
  await compileModules(compiler, { scripts, out: program });
  const sizeBytes = await buildExecutable({ toolchain, libraries, host, out: path, program });
  return { path, sizeBytes };
}

function placeOf(toolchain: Toolchain): string {
  const { architecture, isSanitized } = toolchain;
  return join(cache, "built", isSanitized ? "sanitized" : architecture.name);
}

function compilerOf(toolchain: Toolchain): Promise<string> {
  const { sources } = toolchain;
  return buildScriptCompiler({ cache, sources, compilerSource: join(host, "compile.c") });
}
