/** node:os. */
import { host } from "../host-functions.ts";

/** Seconds. */
export function uptime(): number {
  return host.upMs() / 1000;
}

export function tmpdir(): string {
  const named = host.environment().TMPDIR;
  return named === undefined || named === "" ? "/tmp" : named.replace(/(.)\/+$/, "$1");
}
