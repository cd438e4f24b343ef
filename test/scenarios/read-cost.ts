/**
 * One deed of SCENARIOS 31 in a process of its own, which counts the bytes that it read for it,
 * without those of its own source: `push` or `sync` on a directory.
 */
import { bytesReadSoFar } from "../../lab/bench/machine.ts";
import { openNode } from "../../src/engine/index.ts";

const [deed = "", dataDir = "", hub = ""] = process.argv.slice(2);

async function run(): Promise<void> {
  const node = await openNode({ dataDir });
  if (deed === "push") await node.push([{ payload: Buffer.from('{"one":"more"}') }]);
  else await node.sync({ hub, timeoutMs: 60_000 });
  await node.close();
}

const before = bytesReadSoFar();
await run();
console.log(JSON.stringify({ deed, bytes: bytesReadSoFar() - before }));
process.exit(0);
