/**
 * The entry of the `zamsync` command. `bin/zamsync.js` imports it once it has
 * made sure of a Node that is new enough.
 *
 * In a checkout every start would strip the types of some hundred files, which
 * takes four times as long as all the rest: Node keeps the result for the next
 * start. It is keyed by content, so an edited file is never run from an old
 * copy. The published package is compiled and needs none.
 */
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";

/**
 * `serve` and `daemon` stay on small machines for months, waiting for links that carry
 * kilobytes a second. A young generation that does not grow and code that is optimised for
 * size save most of what V8 would take; the two compilers between the interpreter and the
 * optimising one take 8 MB of an idle hub's 95, and what they would gain is lost in the wait for
 * the link. The optimising one stays: without it the context mixer decodes 280 visits a second
 * instead of 880, a link of 30 KB/s brings 1,400. Must come before anything else is loaded.
 */
const flagsThatSaveMemory = [
  "--semi-space-growth-factor=1",
  "--optimize-for-size",
  "--no-maglev",
  "--no-sparkplug",
];
if (process.argv.some((arg) => arg === "serve" || arg === "daemon"))
  for (const flag of flagsThatSaveMemory) setFlagsFromString(flag);

if (import.meta.url.endsWith(".ts")) {
  enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/zamsync", import.meta.url)));
}

await import("./start.ts");
