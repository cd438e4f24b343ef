/** How the `zamsync` command is started as a process of its own. */
import process from "node:process";

/**
 * Ends a process that is kept running when its stdin ends: a parent that was killed with
 * -9 cannot do it itself, and a hub must not outlive it.
 */
const endWithParent =
  'process.stdin.on("end",()=>process.kill(process.pid,"SIGKILL")).resume().unref()';

/** The words in front of a command's own. `isKept`: it ends with this process, however this one ends. */
export function commandLine(entry: string, isKept: boolean): readonly string[] {
  const kept = ["--import", `data:text/javascript,${encodeURIComponent(endWithParent)}`];
  return [process.execPath, ...(isKept ? kept : []), entry];
}
