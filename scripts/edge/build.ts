/**
 * Builds the small device's executable, and the runner of its tests, from pinned
 * sources. Everything downloaded or built on the way lies in `.edge`, which git
 * ignores, or where ZAMSYNC_EDGE_CACHE says; the same sources and compiler give the
 * same bytes.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Architecture } from "./architectures.ts";
import { buildAlone } from "./build-lock.ts";
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

export interface BuildOptions {
  readonly isSanitized?: boolean;
}

/** Overwritten by the next build. */
export interface Built {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sources: SourceFolders;
}

/**
 * Builds `zamsync-edge`, the host with the program in it, and hands it to `use`, before
 * whose end no other build begins.
 *
 * @throws BuildError that says what is missing, or what failed
 */
export function withProgram<T>(
  architecture: Architecture,
  use: (built: Built) => T | Promise<T>,
  options: BuildOptions = {},
): Promise<T> {
  return buildAlone(cache, async () => {
    const toolchain = await prepare(architecture, options);
    const path = join(placeOf(toolchain), "zamsync-edge");
    const program = `${path}.bytecode`;
    const libraries = await buildLibraries(toolchain);
    const { scripts } = await bundleProgram(`linux-${architecture.name}`);
    await compileModules(await compilerOf(toolchain), { scripts, out: program });
    const sizeBytes = await buildExecutable({ toolchain, libraries, host, out: path, program });
    return use({ path, sizeBytes, sources: toolchain.sources });
  });
}

/** The same for the host alone, and the compiler that makes bytecode for it, which stays. */
export function withRunner<T>(
  architecture: Architecture,
  use: (built: { readonly path: string; readonly compiler: string }) => T | Promise<T>,
  options: BuildOptions = {},
): Promise<T> {
  return buildAlone(cache, async () => {
    const toolchain = await prepare(architecture, options);
    const path = join(placeOf(toolchain), "runner");
    const libraries = await buildLibraries(toolchain);
    await buildExecutable({ toolchain, libraries, host, out: path });
    return use({ path, compiler: await compilerOf(toolchain) });
  });
}

/** Tools and sources of one architecture. */
async function prepare(architecture: Architecture, options: BuildOptions): Promise<Toolchain> {
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

function placeOf(toolchain: Toolchain): string {
  const { architecture, isSanitized } = toolchain;
  return join(cache, "built", isSanitized ? "sanitized" : architecture.name);
}

function compilerOf(toolchain: Toolchain): Promise<string> {
  const { sources } = toolchain;
  return buildScriptCompiler({ cache, sources, compilerSource: join(host, "compile.c") });
}
