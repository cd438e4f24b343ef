/**
 * The small device's program: the same engine and commands as on Node, with Node's
 * modules replaced by those in `src/edge/node`, and the adapters that are Node's alone
 * by the host's. A module or a name that has no replacement fails the build.
 *
 * What the sources import on demand is a script of its own: a command takes memory and
 * time only for the scripts that it comes to.
 */
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { sourcePackages } from "./sources.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Below src, without ".ts". */
const replacements: Readonly<Record<string, string>> = {
  "cli/entry": "edge/front/entry",
  "command/table": "edge/front/table",
  "core/codec/event-coder": "edge/event-coder",
  "core/log/small-crc": "edge/small-crc",
  "engine/device": "edge/device",
  "engine/version": "edge/version",
  "network/ticket-record": "edge/ticket-record",
  "network/tls-profile": "edge/tls-profile",
  "pki/key-fingerprint": "edge/key-fingerprint",
  "pki/x509": "edge/x509",
  "storage/lock-file": "edge/lock-file",
  "storage/node-compressor": "edge/ports",
  "storage/node-crypto": "edge/ports",
  "storage/small-records": "edge/small-records",
  "torture/command-line": "edge/torture-command-line",
};

/**
 * What only flags and commands ask for that the small device has not (src/edge/front/commands.ts):
 * it stays out, and nothing of it is ever called.
 */
const leftOut = /^(hub\/|pki\/http-certificate$)/;

export const edgeModules: Plugin = {
  name: "edge-modules",
  setup(builder) {
    builder.onResolve({ filter: /^node:/ }, ({ path, importer }) => {
      const name = path.slice("node:".length).replaceAll("/", "-").replaceAll("_", "-");
      const file = join(root, "src", "edge", "node", `${name}.ts`);
      return existsSync(file)
        ? { path: file }
        : { errors: [{ text: `${importer}: ${path} has no part in src/edge/node` }] };
    });
    builder.onResolve({ filter: /^\..*\.ts$/ }, ({ path, resolveDir, importer }) => {
      const whole = join(resolveDir, path);
      const source = join(root, "src");
      if (!whole.startsWith(source)) return undefined;
      const name = whole.slice(source.length + 1, -".ts".length);
      if (leftOut.test(name)) return { path: name, namespace: "left-out", sideEffects: false };
      const replacement = replacements[name];
      if (replacement === undefined) return undefined;
      const file = join(source, `${replacement}.ts`);
      // The replacement itself may be made of what it replaces.
      return importer === file ? undefined : { path: file };
    });
    // A script of the older kind: any name may be asked of it.
    builder.onLoad({ filter: /./, namespace: "left-out" }, () => ({
      contents: "module.exports = {};",
    }));
  },
};

export interface BundledProgram {
  /** Modules by name; the first starts the program. */
  readonly scripts: ReadonlyMap<string, string>;
  /** Bytes of each source file in it. */
  readonly parts: ReadonlyMap<string, number>;
}

/** @throws esbuild's own error, which says what has no replacement */
export async function bundleProgram(platform: string): Promise<BundledProgram> {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly version: string;
  };
  const result = await build({
    entryPoints: [join(root, "src", "edge", "front", "start.ts")],
    absWorkingDir: root,
    outdir: root,
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2020",
    platform: "neutral",
    minify: true,
    define: {
      zamsyncBuild: JSON.stringify({
        version: manifest.version,
        runtime: `QuickJS ${sourcePackages.quickjs.version}`,
        platform,
      }),
    },
    plugins: [edgeModules],
    logLevel: "silent",
  });
  const scripts = new Map(
    result.outputFiles.map(({ path, text }) => [basename(path), withLoads(text)] as const),
  );
  const parts = Object.values(result.metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).map(([path, { bytesInOutput }]) => [path, bytesInOutput] as const),
  );
  const first = scripts.get(firstScript);
  if (first === undefined) throw new Error(`esbuild wrote no ${firstScript}`);
  return { scripts: new Map([[firstScript, first], ...scripts]), parts: new Map(parts) };
}

const firstScript = "start.js";

/**
 * QuickJS looks for what `import()` names beside the script that asks, whose name went with
 * the debug information; the host knows all scripts by name. It must not load one while
 * another is being evaluated.
 */
function withLoads(script: string): string {
  const text = script.replace(
    /\bimport\("\.\/([\w.-]+)"\)/g,
    (_, name: string) => `Promise.resolve("${name}").then(globalThis.host.load)`,
  );
  if (/\bimport\(/.test(text)) throw new Error("an import() of something unknown");
  return text;
}
