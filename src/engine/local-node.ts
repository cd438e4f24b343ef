/**
 * A node in the process that owns its log.
 */
import { CodecMemory } from "../core/codec/codec-memory.ts";
import { CodingMeter } from "../core/session/coding-meter.ts";
import { InputTurns } from "./input-turns.ts";
import { assert, ZamError } from "../core/errors/zam-error.ts";
import type { Log } from "../core/log/api.ts";
import type { HealthBlock, Role } from "../core/session/api.ts";
import { formatAddress, parseAddress } from "../network/address.ts";
import type { DirectoryLock } from "../storage/directory-lock.ts";
import { type RpcServer, serveRpc } from "../storage/local-rpc.ts";
import { nodeCrypto } from "../storage/node-crypto.ts";
import { acknowledgeAlarm } from "./acknowledging.ts";
import { refuseAddressee } from "./addressees.ts";
import type {
  AcknowledgedAlarm,
  ArrivalBatch,
  ArrivalQuery,
  AuditQuery,
  AuditRow,
  CareSummary,
  CompactInput,
  ExpireInput,
  NodeRow,
  NodeStatus,
  PingInput,
  PingSummary,
  PulledEvent,
  PullQuery,
  PushInput,
  PushResult,
  RekeySummary,
  RunningServer,
  ServeInput,
  SnapshotInput,
  SnapshotSummary,
  SyncInput,
  SyncSummary,
  VerifyReport,
} from "./api.ts";
import { readArrivals } from "./arrivals.ts";
import { awaitRoom } from "./awaiting-room.ts";
import { buildMs } from "./build.ts";
import { CommitScheduler } from "./commit-scheduler.ts";
import { hasNews, ordinalToCursor } from "./cursor.ts";
import { DailyBudget } from "./daily-budget.ts";
import { device } from "./device.ts";
import type { DaemonInput } from "./daemon.ts";
import { computeHealth, diskFreeBytesMin, freeBytesOf } from "./health.ts";
import type { HostedNode } from "./hosting.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { HubLink } from "./hub-link.ts";
import type { EventPage, HubEvent, HubNode, PageQuery } from "./hub-node.ts";
import { LogCare } from "./log-care.ts";
import { listNodes } from "./nodes.ts";
import { OpenSessions } from "./open-sessions.ts";
import { ownCertificate } from "./own-certificate.ts";
import type { OpenedLog } from "./open-log.ts";
import { readEvent, readPage } from "./paging.ts";
import type { PeerBook, SidecarFolder } from "./peer-book.ts";
import { pushAll } from "./pushing.ts";
import { audit, follow, pull } from "./reading.ts";
import { rideOn } from "./riding.ts";
import { Releasing } from "./releasing.ts";
import { readScrubState } from "./scrubber.ts";
import { SessionMeters } from "./session-meter.ts";
import { localMs } from "./session-clock.ts";
import { createHandlers } from "./socket-service.ts";
import { computeStatus, findPending } from "./status.ts";
import { stopSignal } from "./stop-signal.ts";
import { Turns } from "./turns.ts";
import { verifyLog } from "./verifying.ts";

export class LocalNode implements HubNode {
  readonly dataDir: string;
  readonly log: Log;
  readonly book: PeerBook;
  private readonly opened: OpenedLog;
  private readonly lock: DirectoryLock | undefined;
  private readonly commits: CommitScheduler;
  private readonly care: LogCare;
  private readonly releasing: Releasing;
  private readonly syncTurns = new Turns();
  private readonly daemonTurns = new Turns();
  private readonly snapshotTurns = new Turns();
  private readonly stopping = new AbortController();
  /** Before all else: nobody waits for news of a node that closes. */
  private readonly leaving = new AbortController();
  private readonly servers = new Set<RunningServer>();
  private readonly sessions = new OpenSessions();
  readonly meters = new SessionMeters();
  private readonly codecMemory = new CodecMemory(device.codecMemoryBytes);
  private readonly turns = new InputTurns();
  private readonly coding = new CodingMeter(() => performance.now());
  /** While a daemon runs here. */
  private link: HubLink | undefined;
  private socket: RpcServer | undefined;
  private awaiting: Promise<void> = Promise.resolve();
  private closing: Promise<void> | undefined;

  /** `dataDir` is absolute; `lock` is undefined for a reader, whose log takes no writes. */
  constructor(dataDir: string, opened: OpenedLog, lock: DirectoryLock | undefined) {
    this.dataDir = dataDir;
    this.opened = opened;
    this.lock = lock;
    this.log = opened.log;
    this.book = opened.book;
    this.commits = new CommitScheduler(opened.log, Date.now);
    this.care = new LogCare(dataDir, opened);
    this.releasing = new Releasing(opened.log, this.stopping.signal);
    if (lock !== undefined && opened.awaitedRoom !== undefined)
      this.awaiting = awaitRoom(opened.awaitedRoom, {
        ...{ dataDir: this.dataDir, opened, sessions: this.sessions },
        ...{ onRoom: () => this.releasing.onRoom(), signal: this.stopping.signal },
      });
  }

  get nodeId(): string {
    return this.log.nodeId;
  }

  /** False for a reader: another process may own the log meanwhile. */
  get ownsLog(): boolean {
    return this.lock !== undefined;
  }

  async push(events: readonly PushInput[]): Promise<readonly PushResult[]> {
    const rules = {
      refuseAddressee: (nodeId: string) => refuseAddressee(nodeId, this.addresser()),
      judge: this.releasing.judge,
    };
    try {
      return await pushAll({ log: this.log, crypto: nodeCrypto, rules }, events);
    } catch (error) {
      // A disk that is full, or that fails: whoever looks after this node should know soon.
      this.sessions.tellHealth();
      throw error;
    }
  }

  pull(query: PullQuery): Promise<readonly PulledEvent[]> {
    return pull(this.log, query);
  }

  events(
    query: PullQuery & { readonly follow?: boolean; readonly signal?: AbortSignal },
  ): AsyncIterable<PulledEvent> {
    return follow(this.log, { ...query, signal: stopSignal(this.stopping.signal, query.signal) });
  }

  page(query: PageQuery): Promise<EventPage> {
    return readPage(this.log, query);
  }

  event(...[name, beforeLarge]: Parameters<HubNode["event"]>): Promise<HubEvent | undefined> {
    return readEvent(this.log, name, beforeLarge);
  }

  newestCursor(): string {
    return ordinalToCursor(this.log, this.log.lastOrdinal);
  }

  hasNews(cursor: string): boolean {
    return hasNews(this.log, cursor);
  }

  onDurable(listener: () => void): () => void {
    return this.log.onDurable(listener);
  }

  arrivals(query: ArrivalQuery): Promise<ArrivalBatch> {
    const signal = stopSignal(this.leaving.signal, query.signal);
    return readArrivals(this.log, { ...query, signal });
  }

  audit(query: AuditQuery): AsyncIterable<AuditRow> {
    return audit(this.log, nodeCrypto, query);
  }

  async verify(): Promise<VerifyReport> {
    return verifyLog(this.log);
  }

  async status(): Promise<NodeStatus> {
    const { info, error } = ownCertificate(this.dataDir);
    const status = computeStatus({
      log: this.log,
      role: info?.role ?? "unsigned",
      peers: this.sessions.update(this.book.all),
      connectedPeers: this.sessions.peerIds,
      certDaysLeft: info?.daysLeft ?? null,
      isReader: this.lock === undefined,
      isRekeyRunning: this.care.isRekeyRunning,
      scrub: readScrubState(this.opened.peersFolder),
      wallMs: Date.now(),
      buildMs,
    });
    const at = new Date().toISOString();
    const problems = [...this.book.problems, ...(error === undefined ? [] : [error])];
    const freeBytes = freeBytesOf(this.opened.store);
    if (freeBytes < diskFreeBytesMin)
      problems.push(new ZamError("Z220", { path: this.dataDir, freeBytes }));
    const alarms = problems.map(({ code, message }) => ({ id: code, code, text: message, at }));
    return { ...status, diskFreeBytes: freeBytes, alarms: [...status.alarms, ...alarms] };
  }

  async nodes(): Promise<readonly NodeRow[]> {
    const peers = this.sessions.update(this.book.all);
    return listNodes(this.dataDir, { log: this.log, peers, connected: this.sessions.peerIds });
  }

  async sync(input: SyncInput): Promise<SyncSummary> {
    const hub = this.hubAddress(input.hub);
    if (input.dryRun === true) {
      const address = formatAddress(parseAddress(hub));
      const { estimateSync } = await import("./dry-run.ts");
      return estimateSync({ dataDir: this.dataDir, node: this.hosted(), hub: address, input });
    }
    const { link } = this;
    if (link === undefined) return this.syncAlone(input, hub);
    const hasLimits = input.maxBytes !== undefined || input.budgetKbps !== undefined;
    const isSame = formatAddress(parseAddress(hub)) === link.address;
    const ridden = isSame && !hasLimits ? await rideOn(link, input) : undefined;
    return ridden ?? link.aside(() => this.syncAlone(input, hub));
  }

  private async syncAlone(input: SyncInput, hub: string): Promise<SyncSummary> {
    const { createAttempt } = await import("./connecting.ts");
    const { runSync } = await import("./sync-client.ts");
    return this.syncTurns.run(async () => {
      const confirmedBefore = this.confirmedCount();
      const signal = stopSignal(this.stopping.signal, input.signal);
      const attempt = createAttempt({ dataDir: this.dataDir, node: this.hosted(), hub, input });
      const summary = await runSync({ ...input, hub, signal }, attempt);
      // An acknowledgement that a cut swallowed is made good by the hub's next HELLO.
      const confirmed = this.confirmedCount() - confirmedBefore;
      return { ...summary, eventsConfirmed: Math.max(summary.eventsConfirmed, confirmed) };
    });
  }

  async ping(input: PingInput): Promise<PingSummary> {
    const hub = this.hubAddress(input.hub);
    const { pingHub } = await import("./connecting.ts");
    return this.syncTurns.run(() =>
      pingHub({ dataDir: this.dataDir, node: this.hosted(), hub, input }),
    );
  }

  async acknowledge(alarmId: string): Promise<AcknowledgedAlarm> {
    return acknowledgeAlarm(this.log, alarmId);
  }

  /** One at a time: two would write into the same unfinished file. */
  async snapshot(input: SnapshotInput): Promise<SnapshotSummary> {
    const { dataDir, log, opened } = this;
    const dataKey = opened.key.bytes;
    const signals = { signal: input.signal, stopping: this.stopping.signal };
    const { takeSnapshot } = await import("./snapshot.ts");
    return this.snapshotTurns.run(() =>
      takeSnapshot({ dataDir, log, dataKey }, input.out, signals),
    );
  }

  /** The hub's side: listens, and serves its clinics until it is closed. */
  async serve(input: ServeInput): Promise<RunningServer> {
    const { serve } = await import("./serving.ts");
    // Before the first peer comes.
    if (input.judge !== undefined) this.releasing.useJudge(input.judge, input);
    const server = await serve({
      dataDir: this.dataDir,
      input,
      node: () => this.hosted(),
    });
    const housekeeping = this.startHousekeeping(input);
    const close = async (): Promise<void> => {
      this.servers.delete(serving);
      await server.close();
      await housekeeping.stop();
    };
    const { address, port } = server;
    const serving: RunningServer = {
      ...{ address, port, close },
      useJudge: (judge) => this.releasing.useJudge(judge, input),
    };
    this.servers.add(serving);
    return serving;
  }

  private startHousekeeping(input: Pick<ServeInput, "retainMs" | "onRetained" | "onReport">) {
    const { retainMs } = input;
    return startHousekeeping({
      scrubbing: { log: this.log, folder: this.opened.peersFolder, wallMs: Date.now },
      agingClock: this.care.agingClock,
      retaining:
        retainMs === undefined
          ? undefined
          : {
              retainMs,
              expire: () => this.care.expireByRetention(retainMs),
              onRetained: (summary) => input.onRetained?.(summary),
              onFailed: (error) => input.onReport?.(error, ""),
            },
    });
  }

  /** The clinic's side: keeps a connection to the hub until the signal aborts. */
  async daemon(input: DaemonInput): Promise<void> {
    const hub = this.hubAddress(input.hub);
    const { createAttempt } = await import("./connecting.ts");
    const { createConnect } = await import("./keeping.ts");
    const { runDaemon } = await import("./daemon.ts");
    const signal = stopSignal(this.stopping.signal, input.signal);
    const { dailyBytes, onProgress } = input;
    const budget = dailyBytes === undefined ? undefined : this.dailyBudget(dailyBytes);
    const attempt = createAttempt({ dataDir: this.dataDir, node: this.hosted(), hub, input });
    await this.daemonTurns.run(async () => {
      const link = new HubLink(formatAddress(parseAddress(hub)));
      this.link = link;
      const host = {
        log: this.log,
        pendingCount: () => findPending(this.log, this.book.all).count,
        localMs,
        budget,
        connect: createConnect({ link, attempt, budget, onProgress }),
      };
      const housekeeping = this.startHousekeeping({});
      try {
        await runDaemon(host, { ...input, signal });
      } finally {
        await housekeeping.stop();
        this.link = undefined;
      }
    });
  }

  private dailyBudget(bytesPerDay: number): DailyBudget {
    const folder = this.opened.peersFolder;
    return new DailyBudget({ folder, bytesPerDay, localMs, upMs: () => performance.now() });
  }

  /** Lets other processes' commands go through this one, until it closes. @throws ZamError Z211 */
  async serveSocket(): Promise<void> {
    assert(this.lock !== undefined, "only the owner of a directory serves its socket");
    this.socket ??= await serveRpc({ lock: this.lock, handlers: createHandlers(this) });
  }

  get sidecars(): SidecarFolder {
    return this.opened.peersFolder;
  }

  get expiredCount(): number {
    return this.care.expiredCount;
  }

  get oldestEventMs(): number | undefined {
    return this.log.readArrivals(0, { events: 1, bytes: 1 })[0]?.receivedMs;
  }

  compact(input: CompactInput): Promise<CareSummary> {
    return this.care.compact(input);
  }

  expire(input: ExpireInput): Promise<CareSummary> {
    return this.care.expire(input);
  }

  rekey(input: Parameters<LogCare["rekey"]>[0]): Promise<RekeySummary> {
    return this.care.rekey(input);
  }

  /** Says goodbye to peers, finishes what is in hand, and closes the log. Twice is allowed. */
  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    this.leaving.abort();
    await this.socket?.close();
    this.stopping.abort();
    await Promise.allSettled([...this.servers].map((server) => server.close()));
    await this.awaiting;
    await this.daemonTurns.idle();
    await this.syncTurns.idle();
    await this.snapshotTurns.idle();
    await this.care.idle();
    await this.releasing.idle();
    await this.book.settle();
    try {
      this.log.close();
    } finally {
      this.lock?.release();
    }
  }

  private hosted(): HostedNode {
    const { info } = ownCertificate(this.dataDir);
    const role: Role = info?.role ?? "clinic";
    return {
      log: this.log,
      book: this.book,
      commits: this.commits,
      sessions: this.sessions,
      meters: this.meters,
      role,
      codecMemory: this.codecMemory,
      coding: this.coding,
      turns: this.turns,
      health: () => this.health(info?.daysLeft ?? 0),
    };
  }

  private health(certDaysLeft: number): HealthBlock {
    return computeHealth(this.log, { freeBytes: freeBytesOf(this.opened.store), certDaysLeft });
  }

  private addresser() {
    return {
      nodeId: this.nodeId,
      role: ownCertificate(this.dataDir).info?.role,
      peers: this.book.all,
    };
  }

  /** Own events that hubs have confirmed, over all streams. */
  private confirmedCount(): number {
    return this.book.confirmedHeads().reduce((sum, head) => sum + head.seq, 0);
  }

  private hubAddress(named: string | undefined): string {
    const address = named ?? this.link?.address ?? this.book.lastHub?.address;
    if (address === undefined) throw new ZamError("Z106");
    return address;
  }
}
