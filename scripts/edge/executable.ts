/** Compiles the C host and links it with the libraries. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Libraries, Toolchain } from "./libraries.ts";
import { mbedtlsFlags } from "./libraries.ts";
import { translateClass } from "./native/translate.ts";
import { inParallel, run } from "./run.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

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

/** For C that is made of TypeScript: nobody reads its warnings of things that do no harm. */
const translatedFlags = ["-std=gnu11", "-D_GNU_SOURCE", "-w"];

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
  const translated = translatedInto(objects, program === undefined);
  await inParallel([...translated, ...files], (path) => {
    const own = translated.includes(path) ? [...translatedFlags, `-I${host}`] : strictFlags;
    return run(`${prefix}gcc`, [...flags, ...own, "-c", path, "-o", objectOf(path)]);
  });
  const all = [...translated, ...files].map(objectOf);
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

/** C files of the classes that are too slow for an interpreter; the tests' runner has an example more. */
function translatedInto(folder: string, isRunner: boolean): readonly string[] {
  const tsconfigPath = join(root, "tsconfig.json");
  const classes = [
    { className: "EventCoder", path: join(root, "src/core/codec/event-coder.ts") },
    { className: "NativeExample", path: join(root, "test/edge/guest/native-example.ts") },
  ];
  return classes.slice(0, isRunner ? 2 : 1).map(({ className, path }) => {
    const out = join(folder, `${className}.c`);
    writeFileSync(out, translateClass({ path, className, tsconfigPath }));
    return out;
  });
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
