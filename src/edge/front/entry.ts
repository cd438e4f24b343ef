/** In the place of src/cli/entry.ts: the executable. */
import { realpathSync } from "../node/fs.ts";

export const entry: string = realpathSync("/proc/self/exe");
