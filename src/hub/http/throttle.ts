/**
 * How often a caller may ask, and how often it may guess. Token buckets by caller in
 * a table of bounded size: when it is full, the one that has been quiet longest goes,
 * which had its bucket refilled long ago.
 */
import { ZamError } from "../../core/errors/zam-error.ts";

export interface BucketRule {
  /** At once, after a rest. */
  readonly burst: number;
  readonly perS: number;
}

/** A dashboard that is opened asks for some twenty things at once. */
export const requestRule: BucketRule = { burst: 600, perS: 200 };
/** Wrong tokens from one address: ten mistakes, then one each ten seconds. */
export const failureRule: BucketRule = { burst: 10, perS: 0.1 };
/** Callers that are remembered: about 100 bytes each. */
export const callersMax = 4096;

export class Buckets {
  private readonly rule: BucketRule;
  private readonly nowMs: () => number;
  /** In the order of their last use. */
  private readonly byCaller = new Map<string, { left: number; atMs: number }>();

  constructor(rule: BucketRule, nowMs: () => number) {
    this.rule = rule;
    this.nowMs = nowMs;
  }

  get size(): number {
    return this.byCaller.size;
  }

  /** Takes one, if there is one; else says in how many seconds there will be. */
  take(caller: string): number | undefined {
    const bucket = this.refilled(caller);
    this.byCaller.delete(caller);
    this.byCaller.set(caller, bucket);
    if (this.byCaller.size > callersMax) {
      const oldest = this.byCaller.keys().next().value;
      if (oldest !== undefined) this.byCaller.delete(oldest);
    }
    if (bucket.left < 1) return this.waitS(bucket.left);
    bucket.left--;
    return undefined;
  }

  private refilled(caller: string): { left: number; atMs: number } {
    const nowMs = this.nowMs();
    const { burst, perS } = this.rule;
    const known = this.byCaller.get(caller);
    if (known === undefined) return { left: burst, atMs: nowMs };
    const grown = known.left + ((nowMs - known.atMs) / 1000) * perS;
    known.left = Math.min(burst, grown);
    known.atMs = nowMs;
    return known;
  }

  private waitS(left: number): number {
    return Math.max(1, Math.ceil((1 - left) / this.rule.perS));
  }
}

/** Times are monotonic. */
export class Throttle {
  private readonly requests: Buckets;
  private readonly failures: Buckets;

  constructor(nowMs: () => number = () => performance.now()) {
    this.requests = new Buckets(requestRule, nowMs);
    this.failures = new Buckets(failureRule, nowMs);
  }

  /** @throws ZamError Z417 */
  requireRoom(address: string): void {
    const retryAfterS = this.requests.take(networkOf(address));
    if (retryAfterS !== undefined)
      throw new ZamError("Z417", { reason: "this address asks too often", retryAfterS });
  }

  /**
   * A token was wrong. Right ones from the same address go on being taken: a secret of
   * 256 bits is not guessed, and one stale script must not lock a whole clinic out.
   *
   * @throws ZamError Z417
   */
  failed(address: string): void {
    const retryAfterS = this.failures.take(networkOf(address));
    if (retryAfterS !== undefined)
      throw new ZamError("Z417", { reason: "too many wrong tokens came from here", retryAfterS });
  }
}

/** An IPv6 host has a /64 to call from: that is one caller. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:/i, "");
  if (!plain.includes(":")) return plain;
  const [head = "", tail] = plain.split("%")[0]?.split("::") ?? [];
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) while (groups.length < 4) groups.push("0");
  return `${groups.slice(0, 4).join(":")}::/64`;
}
