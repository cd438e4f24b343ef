/**
 * Which calls of a `MemoryStore` fail, and how. A rule counts the calls that
 * match it and fails the n-th; `fired` says how often it did, so that a test can
 * prove that its fault was met.
 */
import { FileFault, type FileFaultKind } from "../core/ports.ts";

export type StoreOperation =
  | "open"
  | "read"
  | "write"
  | "truncate"
  | "sync"
  | "rename"
  | "remove"
  | "makeFolder"
  | "syncDirectory";

export interface FaultInput {
  readonly operation: StoreOperation;
  /** Only calls on names that match; default all. */
  readonly name?: RegExp;
  /** Fails from the n-th matching call on, counted from 1 and from now; default 1. */
  readonly nth?: number;
  /** How many calls in a row fail; default 1, Infinity for ever. */
  readonly times?: number;
  /** Default "io". */
  readonly kind?: FileFaultKind;
  /** For writes: bytes that land before the failure; default 0. For syncs see `forgets`. */
  readonly partialBytes?: number;
  /** For syncs: the dirty pages are marked clean, as Linux does; default true. */
  readonly forgets?: boolean;
  /** For reads: only those that touch this range of bytes. */
  readonly range?: { readonly from: number; readonly to: number };
}

export interface FaultRule extends FaultInput {
  /** Calls that failed because of this rule. */
  readonly fired: number;
}

interface ActiveRule extends FaultInput {
  seen: number;
  fired: number;
}

export interface FaultCall {
  readonly operation: StoreOperation;
  readonly name: string;
  readonly offset?: number;
  readonly sizeBytes?: number;
}

export class FaultPlan {
  private rules: ActiveRule[] = [];

  add(input: FaultInput): FaultRule {
    const rule: ActiveRule = { ...input, seen: 0, fired: 0 };
    this.rules.push(rule);
    return rule;
  }

  clear(): void {
    this.rules = [];
  }

  /** The rule that fails this call, or undefined. Counts the call for every rule it matches. */
  check(call: FaultCall): FaultRule | undefined {
    let failing: ActiveRule | undefined;
    for (const rule of this.rules) {
      if (!matches(rule, call)) continue;
      rule.seen++;
      const first = rule.nth ?? 1;
      const isDue = rule.seen >= first && rule.seen < first + (rule.times ?? 1);
      if (isDue && failing === undefined) failing = rule;
    }
    if (failing !== undefined) failing.fired++;
    return failing;
  }

  /** Throws the fault that is due for this call, if any. */
  enforce(call: FaultCall): void {
    const rule = this.check(call);
    if (rule !== undefined) throw toFault(rule, call);
  }
}

export function toFault(rule: FaultRule, call: FaultCall): FileFault {
  return new FileFault(rule.kind ?? "io", call.operation, call.name, "injected");
}

function matches(rule: FaultInput, call: FaultCall): boolean {
  if (rule.operation !== call.operation) return false;
  if (rule.name !== undefined && !rule.name.test(call.name)) return false;
  if (rule.range === undefined) return true;
  const from = call.offset ?? 0;
  return from < rule.range.to && from + (call.sizeBytes ?? 0) > rule.range.from;
}
