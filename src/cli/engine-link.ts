/** The real engine, as the commands see it. */
import { runBench } from "../engine/bench.ts";
import {
  createNode,
  installBundle,
  openNode,
  promoteToHub,
  signNode,
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
  runBench,
};
