/**
 * From a script to bytecode, by QuickJS itself. The compiler runs on this machine;
 * its bytecode runs on every architecture.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
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

/** Compiles `script` into `out`, bare bytecode without source and debug information. */
export async function compileScript(
  compiler: string,
  input: { readonly script: string; readonly out: string; readonly isModule?: boolean },
): Promise<void> {
  mkdirSync(dirname(input.out), { recursive: true });
  const path = `${input.out}.${input.isModule === true ? "mjs" : "js"}`;
  writeFileSync(path, input.script);
  await run(compiler, [path, input.out]);
}
