/**
 * In the place of src/cli/entry.ts: the path that this process was called by, so that a script around the
 * executable, which gives it its own name, is around the torture's processes too; else the executable.
 */
import { host } from "../host-functions.ts";
import { existsSync, realpathSync } from "../node/fs.ts";

const { calledAs } = host;
const isPath = calledAs.includes("/") && existsSync(calledAs);

export const entry: string = realpathSync(isPath ? calledAs : "/proc/self/exe");
