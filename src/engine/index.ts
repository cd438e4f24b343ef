/**
 * The public API for embedding: make a node, open it, push, pull, follow,
 * sync, serve. Every failure that a caller can meet is a ZamError with a code.
 */
export type * from "./api.ts";
export type * from "./hub-node.ts";
export { isZCode, ZamError } from "../core/errors/zam-error.ts";
export type { ZCode } from "../core/errors/catalogue.ts";
export type { DaemonCycle, DaemonInput } from "./daemon.ts";
export {
  createNode,
  type CreatedNode,
  type CreateNodeInput,
  installBundle,
  type InstalledBundle,
  promoteToHub,
  revokeNode,
  type RevokeNodeInput,
  type SignedNode,
  signNode,
  type SignNodeInput,
} from "./identity.ts";
export { examine, type ExamineInput } from "./doctor.ts";
export { LocalNode } from "./local-node.ts";
export { connectNode, openNode, type OpenOptions, runDaemon, useNode } from "./opening.ts";
export { restoreNode, type RestoreInput } from "./restore.ts";
export type {
  SessionMeters,
  SessionRow,
  SessionSync,
  SessionTraffic,
  SessionWatcher,
} from "./session-meter.ts";
export type { SidecarFolder } from "./peer-book.ts";
export { version } from "./version.ts";
export {
  createToken,
  listTokens,
  type NewToken,
  type RevokedToken,
  revokeToken,
} from "./tokens.ts";
export {
  type CreatedToken,
  type HttpsCredentials,
  openTokenBook,
  readOrCreateHttpsCredentials,
  type TokenBook,
  type TokenRow,
  type TokenScope,
  tokenState,
} from "../pki/index.ts";
export { parseAddress, type PeerAddress } from "../network/address.ts";
export {
  type ArrivalSource,
  followDirectory,
  type OpenedBatch,
  ownArrivals,
} from "./following.ts";
