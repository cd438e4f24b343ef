/**
 * Bundles the dashboard into one page: `npm run build` writes it beside the compiled
 * code, and a checkout's `serve --http` makes it when it is first asked for.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";

const folder = new URL("../src/hub/dashboard/page/", import.meta.url);

/** What a hospital's old computers run: browsers of 2018 and later. */
const target = "es2018";

/** The page as HTML, whole in itself. */
export async function buildPage(): Promise<string> {
  const [script, style] = await Promise.all([bundledScript(), bundledStyle()]);
  await stop();
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    "<title>ZamSync</title>",
    `<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(icon)}">`,
    `<style>${style}</style>`,
    "</head>",
    '<body><div id="app"></div>',
    "<noscript>The dashboard needs JavaScript. On the hub, zamsync status and zamsync nodes say the same.</noscript>",
    `<script>${script}</script>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="#0f6b75"/><path d="M5 8.2l2.2 2.2L11.2 6" fill="none" stroke="#fff" stroke-width="1.8" stroke-linecap="round"/></svg>';

async function bundledScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("main.tsx", folder))],
    bundle: true,
    minify: true,
    format: "iife",
    target,
    jsx: "automatic",
    jsxImportSource: "preact",
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "none",
    write: false,
    logLevel: "silent",
  });
  // Inside a page, this alone would end the script.
  return (outputFiles[0]?.text ?? "").replaceAll("</script", "<\\/script");
}

async function bundledStyle(): Promise<string> {
  const plot = fileURLToPath(import.meta.resolve("uplot/dist/uPlot.min.css"));
  const own = fileURLToPath(new URL("page.css", folder));
  const contents = `@import ${JSON.stringify(plot)};\n${await readFile(own, "utf8")}`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(folder), loader: "css" },
    bundle: true,
    minify: true,
    target,
    write: false,
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

if (import.meta.main) {
  const [out] = process.argv.slice(2);
  if (out === undefined) throw new Error("usage: dashboard-page.ts FILE");
  await writeFile(out, await buildPage());
}
