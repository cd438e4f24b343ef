/**
 * The small device's program as one script: the same engine and commands as on
 * Node, with Node's modules replaced by those in `src/edge/node`, and the adapters
 * that are Node's alone by the host's. A module or a name that has no replacement
 * fails the build.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { sourcePackages } from "./sources.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Below src, without ".ts". */
const replacements: Readonly<Record<string, string>> = {
  "command/table": "edge/front/table",
  "engine/device": "edge/device",
  "engine/version": "edge/version",
  "network/ticket-record": "edge/ticket-record",
  "network/tls-profile": "edge/tls-profile",
  "pki/key-fingerprint": "edge/key-fingerprint",
  "pki/x509": "edge/x509",
  "storage/directory-lock": "edge/directory-lock",
  "storage/node-compressor": "edge/ports",
  "storage/node-crypto": "edge/ports",
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
  readonly script: string;
  /** Bytes of each source file in it. */
  readonly parts: ReadonlyMap<string, number>;
}

/** @throws esbuild's own error, which says what has no replacement */
export async function bundleProgram(platform: string): Promise<BundledProgram> {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly version: string;
  };
  const result = await build({
    entryPoints: [join(root, "src", "edge", "front", "main.ts")],
    absWorkingDir: root,
    bundle: true,
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
  const [file] = result.outputFiles;
  const output = Object.values(result.metafile.outputs)[0];
  if (file === undefined || output === undefined) throw new Error("esbuild wrote nothing");
  const parts = Object.entries(output.inputs).map(
    ([path, { bytesInOutput }]) => [path, bytesInOutput] as const,
  );
  return { script: file.text, parts: new Map(parts) };
}
