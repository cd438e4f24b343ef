/** Running the build's tools, and saying what to install where one is missing. */
import { spawn, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** A build that cannot go on, in words for whoever started it. */
export class BuildError extends Error {}

/** What this machine lacks for it: a tool, or a mirror that answers. */
export class MissingError extends BuildError {}

/** True when the command exists and answers. */
export function hasTool(name: string, args: readonly string[] = ["--version"]): boolean {
  return spawnSync(name, args, { stdio: "ignore" }).status === 0;
}

export function assertTool(name: string, debianPackage: string): void {
  if (hasTool(name)) return;
  throw new MissingError(`${name} is missing; on Debian: apt-get install ${debianPackage}`);
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs to the end and returns what it printed. @throws BuildError with its last words */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let errors = "";
    child.stdout.on("data", (text: Buffer) => {
      out += text.toString();
    });
    child.stderr.on("data", (text: Buffer) => {
      errors += text.toString();
    });
    child.on("error", (error) => reject(new BuildError(`${command}: ${error.message}`)));
    child.on("close", (status) => {
      if (status === 0) resolve(out);
      else
        reject(
          new BuildError(
            `${[command, ...args].join(" ").slice(0, 400)}\n${(out + errors).slice(-4000)}`,
          ),
        );
    });
  });
}

/** Runs `act` over all items, as many at once as there are processors. The first failure ends it. */
export async function inParallel<T>(
  items: readonly T[],
  act: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = [...items];
  const work = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}
