/** What the package publishes as `zamsync/testing`: conformance kits, a faulty disk, a fake clock, seeded random. */
export { type CryptoFactory, describeCrypto } from "./crypto-conformance.ts";
export { createFakeClock, type FakeClock } from "./fake-clock.ts";
export type { FaultInput, FaultRule, StoreOperation } from "./fault-plan.ts";
export { describeFileStore, type FileStoreFactory } from "./file-store-conformance.ts";
export type { StoreCounters } from "./memory-file.ts";
export { MemoryStore, type MemoryStoreOptions, SimulatedCrash } from "./memory-store.ts";
export { createSeededRandom, type SeededRandom } from "./seeded-random.ts";
export { type PairInput, type PairSide, type PairTrace, SessionPair } from "./session-pair.ts";
