/**
 * Session tickets of hubs, one small file each, with the hub's identity in
 * them: a resumed handshake shows no certificate, so the ticket stands for the
 * certificate that was checked when it was issued.
 *
 * A ticket is a convenience: writing never blocks and never fails the session,
 * and a file that cannot be read, or was made under another certificate or CA,
 * counts as none. It is as secret as the node's key, hence 0600.
 */
import { createHash } from "node:crypto";
import { readFileSync, rmSync, statSync } from "node:fs";
import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { bytesToHex, hexToBytes } from "../core/bytes.ts";
import { isNodeId } from "../core/event.ts";
import type { PeerIdentity } from "../core/session/api.ts";
import type { TlsCredentials } from "../core/session/credentials.ts";

/** A ticket holds our own certificate, about 1.1 KB; a third more in base64. */
const fileBytesMax = 16 * 1024;

export interface StoredTicket {
  /** As Node's `session` event gave it. */
  readonly session: Uint8Array;
  /** The hub that issued it. */
  readonly peer: PeerIdentity;
  /** When the hub's certificate expires: for warnings only. */
  readonly notAfterMs: number;
}

export interface TicketStore {
  load(address: string): StoredTicket | undefined;
  /** Returns at once; the file follows. */
  save(address: string, ticket: StoredTicket): void;
  forget(address: string): void;
  /** Resolves when everything saved so far is in its file, or has failed. */
  settled(): Promise<void>;
}

/** Keeps tickets in `folder`, made when first needed. */
export function createTicketStore(
  folder: string,
  credentials: Pick<TlsCredentials, "certificateFingerprint" | "authorityFingerprint">,
): TicketStore {
  const generation = `${credentials.authorityFingerprint} ${credentials.certificateFingerprint}`;
  const pathOf = (address: string): string =>
    join(folder, createHash("sha256").update(address).digest("hex").slice(0, 32));
  let last: Promise<void> = Promise.resolve();
  return {
    load(address) {
      try {
        const path = pathOf(address);
        if (statSync(path).size > fileBytesMax) return undefined;
        return decodeTicket(readFileSync(path, "utf8"), { address, generation });
      } catch {
        return undefined;
      }
    },
    save(address, ticket) {
      const text = encodeTicket(ticket, { address, generation });
      last = last.then(() => writeTicket(folder, pathOf(address), text));
    },
    forget(address) {
      rmSync(pathOf(address), { force: true });
    },
    settled: () => last,
  };
}

interface TicketFrame {
  readonly address: string;
  readonly generation: string;
}

function encodeTicket(ticket: StoredTicket, frame: TicketFrame): string {
  const { peer, notAfterMs, session } = ticket;
  return JSON.stringify({
    version: 1,
    address: frame.address,
    generation: frame.generation,
    nodeId: peer.nodeId,
    role: peer.role,
    keyFingerprint: bytesToHex(peer.keyFingerprint),
    notAfterMs,
    session: Buffer.from(session).toString("base64"),
  });
}

function decodeTicket(text: string, frame: TicketFrame): StoredTicket | undefined {
  const value = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
  if (value === null || value.version !== 1) return undefined;
  if (value.address !== frame.address || value.generation !== frame.generation) {
    return undefined;
  }
  const { nodeId, role, keyFingerprint, notAfterMs, session } = value;
  if (typeof nodeId !== "string" || !isNodeId(nodeId) || role !== "hub") return undefined;
  if (typeof keyFingerprint !== "string" || typeof notAfterMs !== "number") return undefined;
  const fingerprint = hexToBytes(keyFingerprint);
  if (fingerprint?.length !== 32 || typeof session !== "string") return undefined;
  const bytes = Buffer.from(session, "base64");
  if (bytes.length === 0) return undefined;
  return { session: bytes, peer: { nodeId, role, keyFingerprint: fingerprint }, notAfterMs };
}

async function writeTicket(folder: string, path: string, text: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const temporary = `${path}.tmp`;
    const file = await open(temporary, "w", 0o600);
    try {
      await file.chmod(0o600);
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch {
    // Without a ticket the next handshake is a full one: nothing else is lost.
  }
}
