/** A clinic and its hub in this process, over a link that counts every byte. */
import { join } from "node:path";
import type { TestContext } from "node:test";
import { startLink } from "../lab/link.ts";
import { createNode, openNode, signNode } from "../src/engine/index.ts";
import { createScratch } from "./identities.ts";

/** Closed when the test ends. */
export async function makeLinkedPair(t: TestContext) {
  const scratch = createScratch();
  const hubDir = join(scratch.dir, "hub");
  const dir = join(scratch.dir, "clinic");
  await createNode({ dir: hubDir, isHub: true });
  await createNode({ dir });
  await signNode({ csrPath: join(dir, "tls", "node.csr"), hubDir });
  const hub = await openNode({ dataDir: hubDir });
  const { port } = await hub.serve({ bind: "127.0.0.1:0" });
  const link = await startLink({ to: { port } });
  const node = await openNode({ dataDir: dir });
  t.after(async () => {
    await node.close();
    await hub.close();
    await link.close();
    scratch.remove();
  });
  return { node, hub, link };
}
