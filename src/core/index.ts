/**
 * `zamsync/core`: the pure state machines and codecs, for a host of one's own.
 *
 * Nothing here does I/O, reads a clock or draws a random number; the ports say what a host has to
 * bring. What is not exported here is not part of the contract.
 */
export * from "./bytes.ts";
export * from "./clock/hlc.ts";
export * from "./clock/hybrid-clock.ts";
export { catalogue, type ZCode } from "./errors/catalogue.ts";
export type { CatalogueEntry, ExitStatus } from "./errors/entry.ts";
export { AssertionError, type ErrorContext, isZCode, ZamError } from "./errors/zam-error.ts";
export * from "./event.ts";
export type * from "./log/api.ts";
export { hashIdempotencyKey } from "./log/chain.ts";
export {
  createLog,
  type CreateLogInput,
  openLog,
  type OpenLogInput,
  type RecoveryReport,
} from "./log/open.ts";
export * from "./ports.ts";
export type * from "./session/api.ts";
export { decodePeerState, encodePeerState, type PeerState } from "./session/peer-state.ts";
export { createSession, type SessionInput } from "./session/session.ts";
export * from "./vector/compare.ts";
export * from "./vector/gaps.ts";
export * from "./vector/merge.ts";
export * from "./vector/ranges.ts";
export { StreamTable } from "./vector/stream-table.ts";
