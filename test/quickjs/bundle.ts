/**
 * Bundles guest code for QuickJS with esbuild, as the small device's build
 * does: one script, ES2020. `node:test` and `node:assert` become the small
 * ones in `guest/`, Node's crypto and compressor become the bridged ones; any
 * other Node module fails the build, which is half of the proof. Test files, and
 * they alone, also get a little of Node's globals.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const guestFolder = fileURLToPath(new URL("./guest/", import.meta.url));

/** Tests and what they share; core itself is never among them. */
const testFile = /\.test(-[^/]*)?\.ts$/;
const nodeGlobals = ["Buffer", "TextEncoder", "TextDecoder", "process"] as const;

/** The small `node:test` and `node:assert` in the place of Node's. */
export const smallTestModules: Plugin = {
  name: "small-test-modules",
  setup(builder) {
    builder.onResolve({ filter: /^node:test$/ }, () => ({ path: `${guestFolder}node-test.ts` }));
    builder.onResolve({ filter: /^node:assert(\/strict)?$/ }, () => ({
      path: `${guestFolder}node-assert.ts`,
    }));
  },
};

/** `ports`: the module that takes the place of Node's crypto and compressor. */
const replacements = (ports: string): Plugin => ({
  name: "guest-replacements",
  setup(builder) {
    builder.onResolve({ filter: /\/node-(crypto|compressor)\.ts$/ }, () => ({
      path: ports,
    }));
    builder.onResolve({ filter: /^\.\/host\.ts$/ }, ({ importer }) =>
      importer === `${guestFolder}node-globals.ts` ? { path: ports } : undefined,
    );
    builder.onResolve({ filter: /^node:(crypto|zlib)$/ }, ({ importer }) =>
      testFile.test(importer) ? { path: `${guestFolder}node-globals.ts` } : undefined,
    );
    builder.onLoad({ filter: testFile }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const names = nodeGlobals.filter((name) => new RegExp(`\\b${name}\\b`).test(source));
      const from = JSON.stringify(`${guestFolder}node-globals.ts`);
      const head = names.length === 0 ? "" : `import { ${names.join(", ")} } from ${from};`;
      return { contents: head + source, loader: "ts" };
    });
  },
});

export interface BundleInput {
  /** TypeScript; imports are relative to the root of the tree. */
  readonly code: string;
  readonly minify?: boolean;
  /** Path of a module with `nodeCrypto` and `nodeCompressor`; default: bridged to the process that holds the guest. */
  readonly ports?: string;
  /** Asked after those that belong to every guest. */
  readonly plugins?: readonly Plugin[];
}

export async function bundleGuest(input: BundleInput): Promise<string> {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const result = await build({
    stdin: { contents: input.code, resolveDir: root, loader: "ts", sourcefile: "guest-entry.ts" },
    bundle: true,
    write: false,
    format: "iife",
    target: "es2020",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["import"],
    minify: input.minify ?? false,
    plugins: [
      smallTestModules,
      replacements(input.ports ?? `${guestFolder}host.ts`),
      ...(input.plugins ?? []),
    ],
    logLevel: "silent",
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error("esbuild wrote nothing");
  return file.text;
}
