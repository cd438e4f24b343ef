/** A hub as a process, for what is measured of it or against it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { BuildError } from "./run.ts";

export interface HubProcess {
  readonly address: string;
  /** KiB, by /proc. */
  memory(which: "VmHWM" | "VmRSS"): number;
  stop(): Promise<void>;
}

/** Resolves once it listens. @throws BuildError when it ends before that */
export async function startHub(command: readonly string[], dir: string): Promise<HubProcess> {
  const [program = "", ...before] = command;
  const child = spawn(program, [...before, "serve", dir, "--bind", "127.0.0.1:0", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = await new Promise<string>((resolve, reject) => {
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => {
      const told = JSON.parse(line) as { readonly event?: string; readonly address?: string };
      if (told.event === "listening") resolve(told.address ?? "");
    });
    lines.on("close", () => reject(new BuildError("the hub ended before it listened")));
  });
  return {
    address,
    memory(which) {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Number(new RegExp(`^${which}:\\s+(\\d+)`, "m").exec(status)?.[1]);
    },
    async stop() {
      child.kill("SIGTERM");
      await once(child, "close");
    },
  };
}
