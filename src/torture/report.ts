/** What the torture did and found: the `--json` of the command. */

export const faultKinds = [
  "killClinic",
  "killHub",
  "killBoth",
  "flipClinic",
  "flipHub",
  "fullClinic",
  "fullHub",
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface TortureProblem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** 0: while making the nodes. */
  readonly round: number;
}

export interface TortureReport {
  /** Repeats the choices, though not the moments. */
  readonly seed: number;
  readonly rounds: number;
  readonly durationMs: number;
  /** "interrupt" and "space" before it was over. */
  readonly endedBy: "time" | "rounds" | "interrupt" | "space" | "problem";
  readonly events: {
    /** Acknowledged, and looked for after every round. */
    readonly acked: number;
    /** Lost to flipped bits, and fetched back from the peer. */
    readonly healed: number;
  };
  /** Rounds, and how often the fault struck: processes killed in hand, bits flipped, pushes and syncs refused. */
  readonly faults: Readonly<Record<FaultKind, { readonly rounds: number; readonly hits: number }>>;
  /** Times the nodes grew too large, were checked whole, and made anew. */
  readonly renewals: number;
  readonly fsync: {
    readonly count: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
    readonly maxMs: number;
  };
  readonly problems: readonly TortureProblem[];
  /** What this run says nothing about. */
  readonly notExercised: readonly string[];
  /** The scratch folder, when something was wrong; else it is gone. */
  readonly evidence: string | null;
  readonly exit: number;
}
