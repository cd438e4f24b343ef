/** node:zlib. */
import { host } from "../host-functions.ts";

export function crc32(content: string | Uint8Array): number {
  const bytes = typeof content === "string" ? host.textToUtf8(content) : content;
  return host.crc32(bytes, 0, 0, bytes.length);
}
