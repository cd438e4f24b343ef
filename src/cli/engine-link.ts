/** The real engine, as the commands see it. */
import { runBench } from "../engine/bench.ts";
import {
  createNode,
  installBundle,
  listNodes,
  openNode,
  signNode,
  useNode,
} from "../engine/index.ts";
import type { Engine } from "./engine-port.ts";

export const engine: Engine = {
  openNode,
  useNode,
  createNode,
  signNode,
  installBundle,
  listNodes,
  runBench,
};
