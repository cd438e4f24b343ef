/**
 * What the command line needs of the engine, as one object, so that tests can
 * run every command against a fake. `engine-link.ts` gives the real one.
 */
import type { BenchInput, BenchResult } from "../engine/bench.ts";
import type { TortureInput } from "../torture/torture.ts";
import type { TortureReport } from "../torture/report.ts";
import type { ArrivalSource } from "../engine/following.ts";
import type { CreatedNodeFacts, RevokedFacts, SignedFacts } from "../command/render-identity.ts";
import type { DoctorReport, NodeApi, RestoredNode } from "../engine/api.ts";
import type { DaemonInput } from "../engine/daemon.ts";
import type { HubNode } from "../engine/hub-node.ts";
import type { createToken, listTokens, revokeToken, tokenState } from "../engine/index.ts";
import type { RunningHub, StartHubInput } from "../hub/index.ts";

export interface OpenInput {
  readonly dataDir: string;
  readonly keyFile?: string;
  readonly lockTimeoutMs?: number;
}

/** A node whose log this process owns. */
export interface OwnedNode extends HubNode {
  /** Lets other processes' commands go through this one. */
  serveSocket(): Promise<unknown>;
  /** Resolves when the signal has aborted and the session in hand is over. */
  daemon(input: DaemonInput): Promise<void>;
}

export interface Engine {
  readonly openNode: (input: OpenInput) => Promise<OwnedNode>;
  readonly useNode: (
    input: OpenInput & {
      readonly readOnly?: boolean;
      /** Of `rekey`: where the key is, if an earlier run got so far. */
      readonly newKeyFile?: string | undefined;
    },
  ) => Promise<NodeApi>;
  readonly createNode: (input: {
    readonly dir: string;
    readonly nodeId?: string;
    readonly isHub?: boolean;
    readonly keyFile?: string;
  }) => Promise<CreatedNodeFacts>;
  readonly signNode: (input: {
    readonly csrPath: string;
    readonly hubDir: string;
    readonly outPath?: string;
    readonly days?: number;
    readonly replace?: boolean;
  }) => Promise<SignedFacts>;
  readonly installBundle: (input: {
    readonly bundlePath: string;
    readonly dataDir: string;
  }) => Promise<Pick<SignedFacts, "nodeId" | "notAfter">>;
  readonly revokeNode: (input: {
    readonly nodeId: string;
    readonly hubDir: string;
  }) => Promise<RevokedFacts>;
  /** Makes a node that was never signed a hub; true when it just became one. */
  readonly promoteToHub: (input: { readonly dataDir: string }) => Promise<boolean>;
  readonly createToken: typeof createToken;
  readonly listTokens: typeof listTokens;
  readonly revokeToken: typeof revokeToken;
  readonly tokenState: typeof tokenState;
  /** The hub's services beside the sync port. Rejects with Z335, Z410; then nothing listens. */
  readonly startHub: (input: StartHubInput) => Promise<RunningHub>;
  /** Reads everything, changes nothing. */
  readonly examine: (input: OpenInput) => Promise<DoctorReport>;
  readonly restoreNode: (input: OpenInput & { readonly path: string }) => Promise<RestoredNode>;
  /** The log in order of arrival, without a lock, whoever owns it. */
  readonly followDirectory: (input: OpenInput) => ArrivalSource;
  readonly runBench: (input: BenchInput) => Promise<BenchResult>;
  readonly runTorture: (input: TortureInput) => Promise<TortureReport>;
}
