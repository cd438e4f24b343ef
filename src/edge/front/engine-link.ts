/** The engine's functions that the small device's commands use; the same engine as on Node. */
import type { Engine } from "../../cli/engine-port.ts";
import {
  createNode,
  installBundle,
  promoteToHub,
  revokeNode,
  signNode,
} from "../../engine/identity.ts";
import { openNode, useNode } from "../../engine/opening.ts";

export const engine: Pick<
  Engine,
  | "openNode"
  | "useNode"
  | "createNode"
  | "signNode"
  | "installBundle"
  | "revokeNode"
  | "promoteToHub"
  | "examine"
  | "runTorture"
> = {
  openNode,
  useNode,
  createNode,
  signNode,
  installBundle,
  revokeNode,
  promoteToHub,
  examine: async (input) => (await import("../../engine/doctor.ts")).examine(input),
  runTorture: async (input) => (await import("../../torture/torture.ts")).runTorture(input),
};
