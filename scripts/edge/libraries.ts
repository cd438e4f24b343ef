/**
 * Builds musl, QuickJS, mbedTLS and zstd for one architecture into static
 * libraries. What was built stays in the cache under a name made of everything
 * that it depends on, so that nothing stale is ever linked.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { Architecture } from "./architectures.ts";
import { inParallel, run } from "./run.ts";
import { type SourcePackage, sourcePackages } from "./sources.ts";

/** Where each package's sources are. */
export type SourceFolders = Readonly<Record<keyof typeof sourcePackages, string>>;

export interface Toolchain {
  readonly architecture: Architecture;
  readonly cache: string;
  readonly sources: SourceFolders;
  /** The configuration of mbedTLS, ours. */
  readonly mbedtlsConfig: string;
  /** For the sanitizers' build, which links with the system's libc instead of musl. */
  readonly isSanitized: boolean;
}

export interface Libraries {
  /** musl's folder, with `include` and `lib`; undefined in the sanitizers' build. */
  readonly musl: string | undefined;
  readonly archives: readonly string[];
  /** Compiler flags that every object file of the executable is built with. */
  readonly flags: readonly string[];
}

const commonFlags = [
  "-Os",
  "-ffunction-sections",
  "-fdata-sections",
  "-fno-asynchronous-unwind-tables",
  "-fno-ident",
];
const sanitizerFlags = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

export function quickjsFiles(sources: SourceFolders): readonly string[] {
  const names = ["quickjs", "libregexp", "libunicode", "cutils", "dtoa"];
  return names.map((name) => join(sources.quickjs, `${name}.c`));
}

/** As quickjs.c wants to be built; its own warnings are its own. */
export const quickjsFlags = [
  "-D_GNU_SOURCE",
  `-DCONFIG_VERSION="${sourcePackages.quickjs.version}"`,
  "-w",
];
/** One decoder instead of two, no error texts: half the size, and fast enough for any link of ours. */
const zstdFlags = [
  "-DZSTD_LEGACY_SUPPORT=0",
  "-DZSTD_DISABLE_ASM",
  "-DZSTD_STRIP_ERROR_STRINGS=1",
  "-DHUF_FORCE_DECOMPRESS_X1",
  "-DZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT",
  "-DXXH_NAMESPACE=ZSTD_",
  "-w",
];

export async function buildLibraries(toolchain: Toolchain): Promise<Libraries> {
  const { sources, isSanitized, mbedtlsConfig } = toolchain;
  const musl = isSanitized ? undefined : await buildMusl(toolchain);
  const flags = [
    ...(isSanitized ? sanitizerFlags : commonFlags),
    ...toolchain.architecture.flags,
    ...(musl === undefined ? [] : await muslIncludes(toolchain, musl)),
    ...Object.values(sources).map((folder) => `-ffile-prefix-map=${folder}=.`),
  ];
  const quickjs = {
    source: sourcePackages.quickjs,
    files: quickjsFiles(sources),
    // The interpreter is where the time goes: half as fast again for 100 KB.
    flags: [...flags, ...(isSanitized ? [] : ["-O2"]), ...quickjsFlags],
  };
  const mbedtls = {
    source: sourcePackages.mbedtls,
    files: filesIn(join(sources.mbedtls, "library")),
    flags: [...flags, ...mbedtlsFlags(toolchain), "-w"],
    key: readFileSync(mbedtlsConfig, "utf8"),
  };
  const zstd = {
    source: sourcePackages.zstd,
    files: ["common", "compress", "decompress"].flatMap((part) =>
      filesIn(join(sources.zstd, "lib", part)),
    ),
    flags: [...flags, ...zstdFlags],
  };
  const archives: string[] = [];
  for (const recipe of [quickjs, mbedtls, zstd])
    archives.push(await buildArchive(toolchain, recipe));
  return { musl, archives, flags };
}

export function mbedtlsFlags(toolchain: Toolchain): readonly string[] {
  return [
    `-I${join(toolchain.sources.mbedtls, "include")}`,
    `-DMBEDTLS_CONFIG_FILE="${toolchain.mbedtlsConfig}"`,
  ];
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".c"))
    .sort()
    .map((name) => join(folder, name));
}

interface Recipe {
  readonly source: SourcePackage;
  readonly files: readonly string[];
  readonly flags: readonly string[];
  /** What else it depends on. */
  readonly key?: string;
}

async function buildArchive(toolchain: Toolchain, recipe: Recipe): Promise<string> {
  const { source, files, flags, key = "" } = recipe;
  const { prefix } = toolchain.architecture;
  const folder = await placeFor(toolchain, source, [...flags, key]);
  const archive = join(folder, `lib${source.name}.a`);
  if (existsSync(archive)) return archive;
  const objects = join(folder, "objects");
  mkdirSync(objects, { recursive: true });
  const objectOf = (path: string): string => join(objects, `${basename(path, ".c")}.o`);
  await inParallel(files, (path) =>
    run(`${prefix}gcc`, [...flags, "-c", path, "-o", objectOf(path)]),
  );
  const part = `${archive}.part`;
  rmSync(part, { force: true });
  await run(`${prefix}ar`, ["rcsD", part, ...files.map(objectOf)]);
  rmSync(objects, { recursive: true });
  renameSync(part, archive);
  return archive;
}

async function buildMusl(toolchain: Toolchain): Promise<string> {
  const { architecture, sources } = toolchain;
  const settings = ["--disable-shared", "--disable-wrapper", "--enable-optimize=size"];
  const flags = ["-Os", "-fno-ident", ...architecture.flags];
  const folder = await placeFor(toolchain, sourcePackages.musl, [...settings, ...flags]);
  const installed = join(folder, "installed");
  if (existsSync(installed)) return installed;
  const work = join(folder, "work");
  const part = join(folder, "part");
  for (const old of [work, part]) rmSync(old, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const cflags = [...flags, `-ffile-prefix-map=${sources.musl}=.`].join(" ");
  await run(
    join(sources.musl, "configure"),
    [`--target=${architecture.muslTarget}`, `--prefix=${part}`, ...settings],
    {
      cwd: work,
      env: { CC: `${architecture.prefix}gcc`, CROSS_COMPILE: architecture.prefix, CFLAGS: cflags },
    },
  );
  await run("make", ["-j2", "install"], { cwd: work });
  rmSync(work, { recursive: true });
  renameSync(part, installed);
  return installed;
}

async function muslIncludes(toolchain: Toolchain, musl: string): Promise<readonly string[]> {
  const builtin = await run(`${toolchain.architecture.prefix}gcc`, ["-print-file-name=include"]);
  return ["-nostdinc", "-isystem", join(musl, "include"), "-isystem", builtin.trim()];
}

/** A folder in the cache whose name says what is in it, down to the compiler. */
async function placeFor(
  toolchain: Toolchain,
  source: SourcePackage,
  parts: readonly string[],
): Promise<string> {
  const { architecture, cache, isSanitized } = toolchain;
  const compiler = await run(`${architecture.prefix}gcc`, ["-dumpfullversion"]);
  const sum = createHash("sha256")
    .update([source.sha256, compiler, ...parts].join("\n"))
    .digest("hex")
    .slice(0, 12);
  const variant = isSanitized ? "sanitized" : architecture.name;
  return join(cache, "built", variant, `${source.name}-${sum}`);
}
