/** The real engine, as the commands see it. */
import {
  createNode,
  followDirectory,
  createToken,
  installBundle,
  listTokens,
  openNode,
  promoteToHub,
  revokeNode,
  revokeToken,
  signNode,
  tokenState,
  useNode,
} from "../engine/index.ts";
import type { Engine } from "./engine-port.ts";

export const engine: Engine = {
  openNode,
  promoteToHub,
  useNode,
  createNode,
  signNode,
  installBundle,
  revokeNode,
  createToken,
  listTokens,
  revokeToken,
  tokenState,
  // fastify and what belongs to it: only a hub that is asked for HTTP pays for it.
  startHub: async (input) => (await import("../hub/index.ts")).startHub(input),
  followDirectory,
  examine: async (input) => (await import("../engine/doctor.ts")).examine(input),
  restoreNode: async (input) => (await import("../engine/restore.ts")).restoreNode(input),
  // Asked for once in a node's life.
  runBench: async (input) => (await import("../engine/bench.ts")).runBench(input),
  runTorture: async (input) => (await import("../torture/torture.ts")).runTorture(input),
};
