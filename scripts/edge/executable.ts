/** Compiles the C host and links it with the libraries. */
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Libraries, Toolchain } from "./libraries.ts";
import { mbedtlsFlags } from "./libraries.ts";
import { inParallel, run } from "./run.ts";

/** Our own C is compiled without a warning, or not at all. */
const strictFlags = [
  "-std=c11",
  "-D_GNU_SOURCE",
  "-Wall",
  "-Wextra",
  "-Wshadow",
  "-Wconversion",
  "-Wstrict-prototypes",
  "-Wmissing-prototypes",
  "-Werror",
];

export interface ExecutableInput {
  readonly toolchain: Toolchain;
  readonly libraries: Libraries;
  /** Folder of the host's sources. */
  readonly host: string;
  readonly out: string;
  /** Path of the bytecode that becomes part of it; without one it is the tests' runner. */
  readonly program?: string;
}

/** Builds `out`, stripped; returns its size in bytes. */
export async function buildExecutable(input: ExecutableInput): Promise<number> {
  const { toolchain, libraries, host, out, program } = input;
  const { prefix } = toolchain.architecture;
  const { quickjs, mbedtls, zstd } = toolchain.sources;
  const objects = `${out}.objects`;
  mkdirSync(objects, { recursive: true });
  const flags = [
    ...libraries.flags,
    // Memory and crypto are called a hundred thousand times in a start.
    ...(toolchain.isSanitized ? [] : ["-O2"]),
    ...strictFlags,
    ...[quickjs, join(mbedtls, "include"), join(zstd, "lib")].flatMap((path) => ["-isystem", path]),
    ...mbedtlsFlags(toolchain).slice(1),
    `-ffile-prefix-map=${host}=host`,
    ...(program === undefined ? ["-DZAMSYNC_RUNNER"] : []),
    ...(toolchain.isSanitized ? ["-DZAMSYNC_SANITIZED"] : []),
  ];
  const files = readdirSync(host)
    .filter((name) => name.endsWith(".c") && name !== "compile.c")
    .sort()
    .map((name) => join(host, name));
  const objectOf = (path: string): string => join(objects, `${basename(path, ".c")}.o`);
  await inParallel(files, (path) =>
    run(`${prefix}gcc`, [...flags, "-c", path, "-o", objectOf(path)]),
  );
  const all = files.map(objectOf);
  if (program !== undefined) {
    const embedded = join(objects, "program.o");
    const { flags: own } = toolchain.architecture;
    const named = `-DPROGRAM_FILE="${program}"`;
    await run(`${prefix}gcc`, [...own, named, "-c", join(host, "program.S"), "-o", embedded]);
    all.push(embedded);
  }
  await link(input, all);
  if (!toolchain.isSanitized) await run(`${prefix}strip`, ["--strip-all", out]);
  return statSync(out).size;
}

async function link(input: ExecutableInput, objects: readonly string[]): Promise<void> {
  const { toolchain, libraries, out } = input;
  const { prefix, flags } = toolchain.architecture;
  if (libraries.musl === undefined) {
    const sanitizers = libraries.flags.filter((flag) => flag.startsWith("-fsanitize"));
    await run(`${prefix}gcc`, [...sanitizers, ...objects, ...libraries.archives, "-lm", "-o", out]);
    return;
  }
  const lib = join(libraries.musl, "lib");
  const libgcc = (await run(`${prefix}gcc`, [...flags, "-print-libgcc-file-name"])).trim();
  const libgccEh = libgcc.replace(/libgcc\.a$/, "libgcc_eh.a");
  await run(`${prefix}gcc`, [
    ...flags,
    "-static",
    "-nostdlib",
    "-Wl,--gc-sections",
    "-Wl,-z,noexecstack",
    "-Wl,--build-id=none",
    ...["crt1.o", "crti.o"].map((name) => join(lib, name)),
    ...objects,
    ...libraries.archives,
    "-Wl,--start-group",
    join(lib, "libc.a"),
    libgcc,
    libgccEh,
    "-Wl,--end-group",
    join(lib, "crtn.o"),
    "-o",
    out,
  ]);
}
