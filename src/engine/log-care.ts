/** `compact`, `expire` and `rekey` of an open node, one at a time, and how old its events are. */
import { uptime } from "node:os";
import type { CareSummary, CompactInput, ExpireInput, RekeyInput, RekeySummary } from "./api.ts";
import { type AgingClock, openAgingClock } from "./aging-clock.ts";
import type { CareNode } from "./care-plan.ts";
import type { OpenedLog } from "./open-log.ts";
import { ownCertificate } from "./own-certificate.ts";
import { rekey, takeNewKey } from "./rekey.ts";
import { Turns } from "./turns.ts";

export class LogCare {
  private readonly dataDir: string;
  private readonly opened: OpenedLog;
  private readonly turns = new Turns();
  private aging: AgingClock | undefined;
  private dropped = 0;
  private isSealingAnew = false;

  constructor(dataDir: string, opened: OpenedLog) {
    this.dataDir = dataDir;
    this.opened = opened;
  }

  /** Events that `expire` and the retention have dropped since the node was opened. */
  get expiredCount(): number {
    return this.dropped;
  }

  get isRekeyRunning(): boolean {
    return this.isSealingAnew;
  }

  get agingClock(): AgingClock {
    this.aging ??= openAgingClock(this.opened.log, this.opened.peersFolder);
    return this.aging;
  }

  compact(input: CompactInput): Promise<CareSummary> {
    return this.turns.run(async () => {
      const { compact } = await import("./care.ts");
      return compact(this.careNode(), input);
    });
  }

  expire(input: ExpireInput): Promise<CareSummary> {
    return this.turns.run(async () => {
      const { expire } = await import("./care.ts");
      return this.noteExpired(await expire(this.careNode(), input));
    });
  }

  expireByRetention(retainMs: number): Promise<CareSummary> {
    return this.turns.run(async () => {
      const { expireByRetention } = await import("./care.ts");
      return this.noteExpired(await expireByRetention(this.careNode(), retainMs));
    });
  }

  /** `newKey`: as it was read from `newKeyFile`, by another process that asks for this. */
  rekey(input: RekeyInput & { readonly newKey?: Uint8Array | undefined }): Promise<RekeySummary> {
    const { dataDir } = this;
    const { log, key, peersFolder } = this.opened;
    return this.turns.run(async () => {
      this.isSealingAnew = true;
      try {
        const wanted = input.newKey === undefined ? takeNewKey(input) : input;
        return await rekey({ dataDir, log, key, peersFolder }, wanted);
      } finally {
        this.isSealingAnew = false;
      }
    });
  }

  /** Resolves when everything asked for so far is over. */
  idle(): Promise<void> {
    return this.turns.idle();
  }

  private noteExpired(summary: CareSummary): CareSummary {
    this.dropped += summary.dropped;
    return summary;
  }

  private careNode(): CareNode {
    const { log, book } = this.opened;
    const role = ownCertificate(this.dataDir).info?.role ?? "unsigned";
    const uptimeMs = uptime() * 1000;
    const nowFor = (ageMs: number): number => this.agingClock.nowMs(ageMs);
    return { log, role, peers: book.all, wallMs: Date.now(), uptimeMs, nowFor };
  }
}
