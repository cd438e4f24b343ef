/**
 * What this node keeps about each peer, one sealed sidecar a peer in
 * `DIR/peers/`: the session's own PeerState, and what `status` and `peers` tell.
 * Losing a sidecar costs bytes in the next session, never an event.
 */
import { ByteReader, ByteWriter } from "../core/bytes.ts";
import { decodePeerState, encodePeerState, type PeerState } from "../core/session/peer-state.ts";
import { type Confirmation, decodeConfirmations, encodeConfirmations } from "./confirmations.ts";
import type { Policy, Role } from "../core/session/api.ts";

export interface PeerRecord {
  readonly peerId: string;
  readonly role: Role;
  readonly address: string;
  /** Unix milliseconds; 0 before the first session. */
  readonly lastSyncMs: number;
  readonly result: string;
  /** What the last session went by: tells which events count as lacking. */
  readonly policy: Policy;
  readonly state: PeerState | undefined;
  /** Of a hub: what it had confirmed, and since when; see confirmations.ts. */
  readonly confirmations?: readonly Confirmation[];
}

/** 2 since 0.1: confirmations stand before the state. */
const recordVersion = 2;
const textBytesMax = 1024;

export function encodePeerRecord(record: PeerRecord): Uint8Array {
  const out = new ByteWriter(1024);
  out.u8(recordVersion);
  out.text(record.peerId);
  out.u8(record.role === "hub" ? 1 : 0);
  out.text(record.address);
  out.u48(record.lastSyncMs);
  out.text(record.result);
  out.u8(record.policy === "all" ? 1 : 0);
  encodeConfirmations(record.confirmations ?? [], out);
  out.bytes(record.state === undefined ? new Uint8Array(0) : encodePeerState(record.state));
  return out.take();
}

/** The record, or undefined for anything that this version did not write. */
export function decodePeerRecord(bytes: Uint8Array): PeerRecord | undefined {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version < 1 || version > recordVersion) return undefined;
  const peerId = reader.text(textBytesMax);
  const role = reader.u8() === 1 ? "hub" : "clinic";
  const address = reader.text(textBytesMax);
  const lastSyncMs = reader.u48();
  const result = reader.text(textBytesMax);
  const policy = reader.u8() === 1 ? "all" : "own";
  const confirmations = version === 1 ? [] : decodeConfirmations(reader);
  if (reader.failed) return undefined;
  const stateBytes = reader.bytes(reader.remaining);
  const state = stateBytes.length === 0 ? undefined : decodePeerState(stateBytes);
  return {
    peerId,
    role,
    address,
    lastSyncMs,
    result,
    policy,
    state,
    ...(confirmations.length === 0 ? {} : { confirmations }),
  };
}
