/**
 * From a script to bytecode, by QuickJS itself. The compiler runs on this machine;
 * its bytecode runs on every architecture.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { quickjsFiles, quickjsFlags, type SourceFolders } from "./libraries.ts";
import { inParallel, run } from "./run.ts";
import { sourcePackages } from "./sources.ts";

/** The compiler of scripts, for this machine; kept as long as what it is made of stays the same. */
export async function buildScriptCompiler(input: {
  readonly cache: string;
  readonly sources: SourceFolders;
  readonly compilerSource: string;
}): Promise<string> {
  const { cache, sources, compilerSource } = input;
  const version = await run("gcc", ["-dumpfullversion"]);
  const sum = createHash("sha256")
    .update(
      [sourcePackages.quickjs.sha256, version, readFileSync(compilerSource, "utf8")].join("\n"),
    )
    .digest("hex");
  const folder = join(cache, "built", "script-compiler", sum.slice(0, 12));
  const compiler = join(folder, "compile");
  if (existsSync(compiler)) return compiler;
  mkdirSync(folder, { recursive: true });
  const files = [...quickjsFiles(sources), compilerSource];
  const objectOf = (path: string): string => join(folder, `${basename(path, ".c")}.o`);
  await inParallel(files, (path) =>
    run("gcc", ["-O1", ...quickjsFlags, `-I${sources.quickjs}`, "-c", path, "-o", objectOf(path)]),
  );
  await run("gcc", [...files.map(objectOf), "-lm", "-lpthread", "-o", `${compiler}.part`]);
  renameSync(`${compiler}.part`, compiler);
  return compiler;
}

/** Compiles a script into `out`, bare bytecode without source and debug information. */
export async function compileScript(
  compiler: string,
  input: { readonly script: string; readonly out: string },
): Promise<void> {
  await compileAll(compiler, "script", input.out, new Map([[basename(input.out), input.script]]));
}

/** The same for modules that import one another by these names; the first starts the program. */
export async function compileModules(
  compiler: string,
  input: { readonly scripts: ReadonlyMap<string, string>; readonly out: string },
): Promise<void> {
  await compileAll(compiler, "module", input.out, input.scripts);
}

async function compileAll(
  compiler: string,
  kind: "script" | "module",
  out: string,
  scripts: ReadonlyMap<string, string>,
): Promise<void> {
  const folder = `${out}.scripts`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const paths: string[] = [];
  for (const [name, script] of scripts) {
    const path = join(folder, name);
    writeFileSync(path, script);
    paths.push(path);
  }
  await run(compiler, [kind, out, ...paths]);
}
