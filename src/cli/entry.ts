/** The main file of the command, from source or compiled: a child that is started with it runs the same code. */
import { fileURLToPath } from "node:url";

export const entry: string = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./main.ts" : "./main.js", import.meta.url),
);
