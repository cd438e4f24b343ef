/** node:process. */
import { host } from "../host-functions.ts";

export const smallProcess = {
  env: host.environment(),
  pid: host.processId,
  platform: "linux",
};
