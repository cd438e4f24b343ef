/** From common flags to the engine's way of opening a node. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Environment } from "../command/parse.ts";
import type { NodeApi } from "../engine/api.ts";
import type { CliContext } from "./context.ts";
import type { OpenInput } from "./engine-port.ts";

/** The name of the systemd credential that may hold the data key. */
const credentialName = "zamsync-key";

export interface NodeValues {
  readonly dataDir: string;
  readonly keyFile?: string;
  readonly lockTimeout: number;
}

export function openInput(values: NodeValues, environment: Environment): OpenInput {
  const keyFile = values.keyFile ?? credentialFile(environment);
  const input = { dataDir: resolve(values.dataDir), lockTimeoutMs: values.lockTimeout };
  return keyFile === undefined ? input : { ...input, keyFile: resolve(keyFile) };
}

/** systemd puts credentials below this directory (systemd.exec(5), LoadCredential=). */
function credentialFile(environment: Environment): string | undefined {
  const folder = environment.CREDENTIALS_DIRECTORY;
  if (folder === undefined || folder === "") return undefined;
  const path = join(folder, credentialName);
  return existsSync(path) ? path : undefined;
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
  const input = openInput(values, context.environment);
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
