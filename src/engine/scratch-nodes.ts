/** A hub and a clinic with its certificate, for measuring and for torture. */
import { join } from "node:path";
import { createNode, promoteToHub, signNode } from "./identity.ts";

export interface ScratchNodes {
  readonly hub: string;
  readonly clinic: string;
}

/** Makes the directories `hub` and `clinic` in `dir`; they are the nodes' ids too. */
export async function makeHubAndClinic(dir: string): Promise<ScratchNodes> {
  const hub = join(dir, "hub");
  const clinic = join(dir, "clinic");
  await createNode({ dir: hub, isHub: true });
  await promoteToHub({ dataDir: hub });
  const { csrPath } = await createNode({ dir: clinic });
  await signNode({ csrPath, hubDir: hub });
  return { hub, clinic };
}
