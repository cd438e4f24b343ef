/**
 * Bundles guest code for QuickJS with esbuild, as the small device's build
 * does: one script, ES2020. `node:test` and `node:assert` become the small
 * ones in `guest/`, Node's crypto and compressor become the bridged ones; any
 * other Node module fails the build, which is half of the proof.
 */
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const guestFolder = fileURLToPath(new URL("./guest/", import.meta.url));

const replacements: Plugin = {
  name: "guest-replacements",
  setup(builder) {
    builder.onResolve({ filter: /^node:test$/ }, () => ({ path: `${guestFolder}node-test.ts` }));
    builder.onResolve({ filter: /^node:assert(\/strict)?$/ }, () => ({
      path: `${guestFolder}node-assert.ts`,
    }));
    builder.onResolve({ filter: /\/storage\/node-(crypto|compressor)\.ts$/ }, () => ({
      path: `${guestFolder}host.ts`,
    }));
  },
};

export interface BundleInput {
  /** TypeScript; imports are relative to the root of the tree. */
  readonly code: string;
  readonly minify?: boolean;
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
    plugins: [replacements],
    logLevel: "silent",
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error("esbuild wrote nothing");
  return file.text;
}
