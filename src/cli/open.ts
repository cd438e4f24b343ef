/** From common flags to the engine's way of opening a node. */
import { resolve } from "node:path";
import type { NodeApi } from "../engine/api.ts";
import type { CliContext } from "./context.ts";
import type { OpenInput } from "./engine-port.ts";

export interface NodeValues {
  readonly dataDir: string;
  readonly keyFile?: string;
  readonly lockTimeout: number;
}

export function openInput({ dataDir, keyFile, lockTimeout }: NodeValues): OpenInput {
  const input = { dataDir: resolve(dataDir), lockTimeoutMs: lockTimeout };
  return keyFile === undefined ? input : { ...input, keyFile: resolve(keyFile) };
}

/** Opens the node, or goes through the process that has it open; closes it whatever happens. */
export async function withNode<Result>(
  values: NodeValues,
  context: CliContext,
  options: {
    readonly readOnly?: boolean;
    readonly newKeyFile?: string | undefined;
    readonly use: (node: NodeApi) => Promise<Result>;
  },
): Promise<Result> {
  const engine = await context.loadEngine();
  const input = openInput(values);
  const { readOnly = false, newKeyFile } = options;
  const node = await engine.useNode({ ...input, readOnly, newKeyFile });
  try {
    return await options.use(node);
  } finally {
    await node.close();
  }
}

/** Statuses that commands return besides those of the error catalogue. */
export const exitDone = 0;
export const exitStorage = 3;
export const exitInPart = 8;
