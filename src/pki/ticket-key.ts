/**
 * The key of a hub's session tickets: kept, so that clinics resume after a
 * restart of the hub. Worth little else: one that is missing or damaged is
 * replaced, and every clinic then shakes hands in full once.
 */
import { randomBytes } from "node:crypto";
import { nodeFiles } from "./node-files.ts";
import { makePrivateDirectory, readSmallFile, writePrivateFile } from "./private-file.ts";

const ticketKeyBytes = 48;

/** 48 bytes. Throws Z321 when a new one cannot be written. */
export function readOrCreateTicketKey(dir: string): Uint8Array {
  const files = nodeFiles(dir);
  const text = readSmallFile(files.ticketKey, { maxBytes: 4096 })?.trim() ?? "";
  if (/^[0-9a-f]{96}$/.test(text)) return Uint8Array.from(Buffer.from(text, "hex"));
  const key = randomBytes(ticketKeyBytes);
  makePrivateDirectory(files.tls);
  writePrivateFile(files.ticketKey, `${key.toString("hex")}\n`);
  return Uint8Array.from(key);
}
