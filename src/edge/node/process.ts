/** node:process. */
import { host } from "../host-functions.ts";

const exitListeners: (() => void)[] = [];

export const smallProcess = {
  env: host.environment(),
  pid: host.processId,
  platform: "linux",
  cwd: host.workingFolder,
  on(_name: "exit", listener: () => void): void {
    exitListeners.push(listener);
  },
  exit(status: number): never {
    for (const listener of exitListeners) listener();
    return host.exit(status);
  },
};

// biome-ignore lint/style/noDefaultExport: node:process has one
export default smallProcess;
