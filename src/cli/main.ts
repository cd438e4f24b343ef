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

if (import.meta.url.endsWith(".ts")) {
  enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/zamsync", import.meta.url)));
}

await import("./start.ts");
