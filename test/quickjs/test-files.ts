/** Which of core's tests run outside Node: all, except those named here with the reason. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Tests that need Node, each with what it needs. */
export const nodeOnly: Readonly<Record<string, string>> = {
  "src/core/bytes.utf8.test.ts": "compares with TextEncoder, which QuickJS lacks",
  "src/core/codec/codec-memory.test.ts":
    "its arrays are as long everywhere, and take minutes to fill",
  "src/core/codec/codec-page.test.ts": "reads docs/codec.md",
  "src/core/codec/protocol-page.test.ts": "reads docs/protocol.md",
  "src/core/log/format-log.test.ts": "reads docs/format-log.md",
  "src/core/vector/stream-table.memory.test.ts": "asks Node's heap what 10,000 streams cost",
};

/** QuickJS is 10 to 30 times slower: properties are tried this often, or for this long, and in full on Node. */
export const propertyLimits = { numRuns: 15, interruptAfterTimeLimit: 3000 } as const;

const coreTestFiles = readdirSync(join(root, "src/core"), { recursive: true, encoding: "utf8" })
  .map((name) => `src/core/${name}`)
  .filter((name) => name.endsWith(".test.ts"))
  .sort();

for (const name of Object.keys(nodeOnly))
  if (!coreTestFiles.includes(name)) throw new Error(`${name} needs Node, and does not exist`);

/** Relative to the root of the tree, sorted. */
export const guestTestFiles = coreTestFiles.filter((name) => nodeOnly[name] === undefined);
