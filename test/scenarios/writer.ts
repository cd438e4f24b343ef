/**
 * One of many writers of SCENARIOS 10, run as a process: pushes through the process
 * that owns the log, one event at a time, and prints a line for each that was
 * acknowledged, and one for each error.
 */
import { connectNode } from "../../src/engine/index.ts";

const [dataDir = "", name = "", count = "50"] = process.argv.slice(2);
const node = await connectNode({ dataDir });
for (let n = 1; n <= Number(count); n++) {
  const payload = Buffer.from(JSON.stringify({ writer: name, n }));
  try {
    const [pushed] = await node.push([{ payload }]);
    console.log(JSON.stringify({ acked: `${pushed?.epoch} ${pushed?.lane}#${pushed?.seq}`, n }));
  } catch (error) {
    console.log(JSON.stringify({ failed: n, reason: String(error) }));
  }
}
process.exit(0);
