/**
 * Builds the small device's host, which runs a file of QuickJS bytecode, from
 * pinned sources. Everything downloaded or built on the way lies in `.edge`, which
 * git ignores; the same sources and compiler give the same bytes.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Architecture } from "./architectures.ts";
import { buildExecutable } from "./executable.ts";
import { fetchSource } from "./fetch.ts";
import { buildLibraries, type SourceFolders, type Toolchain } from "./libraries.ts";
import { buildScriptCompiler } from "./program.ts";
import { assertTool } from "./run.ts";
import { sourcePackages } from "./sources.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const cache = join(root, ".edge");
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

/** The host, and the compiler that makes bytecode for it. */
export async function buildRunner(
  toolchain: Toolchain,
): Promise<{ readonly runner: string; readonly compiler: string; readonly sizeBytes: number }> {
  const name = toolchain.isSanitized ? "sanitized" : toolchain.architecture.name;
  const runner = join(cache, "built", name, "runner");
  const libraries = await buildLibraries(toolchain);
  const sizeBytes = await buildExecutable({ toolchain, libraries, host, out: runner });
  const compiler = await buildScriptCompiler({
    cache,
    sources: toolchain.sources,
    compilerSource: join(host, "compile.c"),
  });
  return { runner, compiler, sizeBytes };
}
