/**
 * Keeps the history over restarts: in a sealed sidecar (`peers/hub.history`), because
 * it tells when which clinic worked. Written whole, durably, at most once a minute and
 * when the hub stops, so a power cut costs a minute of charts and never an event. A
 * file that cannot be believed is reported (Z212), and counting begins anew.
 */
import { ZamError } from "../../core/errors/zam-error.ts";
import type { HubContext } from "../hub-context.ts";
import { History } from "./history.ts";
import { decodeHistory, encodeHistory } from "./history-codec.ts";

export const historyFile = "hub.history";
const saveEveryMs = 60_000;
/** A large file is written less often: at most so many bytes a minute on the average. */
const savedBytesPerMinute = 512 * 1024;

export type HistoryHost = Pick<HubContext, "node" | "nowMs" | "report">;

export class HistoryKeeper {
  readonly history: History;
  private readonly host: HistoryHost;
  private readonly stopWatching: () => void;
  private readonly timer: NodeJS.Timeout;
  private savedVersion = 0;
  private savedBytes = 0;
  private minutesWaited = 0;
  private countedExpired: number;
  private saving: Promise<void> = Promise.resolve();
  private hasReportedFailure = false;

  constructor(host: HistoryHost) {
    this.host = host;
    this.history = load(host);
    this.savedVersion = this.history.version;
    this.countedExpired = host.node.expiredCount;
    this.stopWatching = host.node.meters.watch({
      onTraffic: (traffic) => this.history.addTraffic(traffic, host.nowMs()),
      onSync: (sync) => this.history.addSync(sync, host.nowMs()),
    });
    this.timer = setInterval(() => this.onMinute(), saveEveryMs);
    this.timer.unref();
  }

  /** Counts what has moved up to now. */
  refresh(): void {
    const { node } = this.host;
    node.meters.flush();
    this.history.addExpired(node.expiredCount - this.countedExpired);
    this.countedExpired = node.expiredCount;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    this.refresh();
    this.stopWatching();
    await this.save();
  }

  private onMinute(): void {
    this.minutesWaited++;
    if (this.savedBytes > this.minutesWaited * savedBytesPerMinute) return;
    this.minutesWaited = 0;
    this.refresh();
    void this.save();
  }

  /** Never rejects: charts are no reason to stop a hub. */
  private save(): Promise<void> {
    this.saving = this.saving.then(async () => {
      if (this.history.version === this.savedVersion) return;
      const { version } = this.history;
      const bytes = encodeHistory(this.history);
      try {
        await this.host.node.sidecars.write(historyFile, bytes);
        this.savedVersion = version;
        this.savedBytes = bytes.length;
        this.hasReportedFailure = false;
      } catch (error) {
        if (!(error instanceof ZamError)) throw error;
        if (!this.hasReportedFailure) this.host.report(error, "");
        this.hasReportedFailure = true;
      }
    });
    return this.saving;
  }
}

function load({ node, nowMs, report }: HistoryHost): History {
  const path = `peers/${historyFile}`;
  const anew = (problem: string, cause?: unknown): History => {
    const text = `${problem}; the statistics of syncs begin anew`;
    report(new ZamError("Z212", { path, problem: text }, cause), "");
    return new History(nowMs());
  };
  try {
    const content = node.sidecars.read(historyFile);
    if (content === undefined) return new History(nowMs());
    return decodeHistory(content) ?? anew("it is not what this version writes");
  } catch (error) {
    if (!(error instanceof ZamError)) throw error;
    return anew(error.message, error);
  }
}
