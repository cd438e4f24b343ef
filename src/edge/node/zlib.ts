/** node:zlib. */
import { host } from "../host-functions.ts";

export function crc32(content: string | Uint8Array): number {
  return host.crc32(typeof content === "string" ? host.textToUtf8(content) : content, 0);
}
