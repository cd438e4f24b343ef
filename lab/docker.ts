/**
 * `npm run lab:docker`: deploy/compose.test.yml where there is a container engine.
 * Where there is none it says so, and is no failure.
 */
import { spawnSync } from "node:child_process";
import { projectRoot } from "./command.ts";

const compose = ["compose", "--file", "deploy/compose.test.yml"];

function docker(args: readonly string[], isShown: boolean): number {
  const stdio = isShown ? "inherit" : "ignore";
  return spawnSync("docker", args, { cwd: projectRoot, stdio }).status ?? 1;
}

/** Why there is nothing to run it on, or undefined. */
function missing(): string | undefined {
  if (docker(["--version"], false) !== 0) return "docker is not installed";
  if (docker(["compose", "version"], false) !== 0) return "docker compose is not installed";
  if (docker(["info"], false) !== 0) return "no container engine is running";
  return undefined;
}

const reason = missing();
if (reason === undefined) {
  const up = ["up", "--build", "--abort-on-container-exit", "--exit-code-from", "clinic"];
  process.exitCode = docker([...compose, ...up], true);
  docker([...compose, "down", "--volumes"], true);
} else console.log(`skipped: ${reason}`);
