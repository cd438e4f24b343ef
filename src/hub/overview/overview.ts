/**
 * Gathers what the hub knows into one overview, at most once a second, and less often
 * where gathering is slow (10,000 clinics): a dashboard must not keep the hub from its
 * clinics. Rows carry a number that grows when they change, so that a follower is sent
 * what is new to it.
 */
import type { NodeRow, NodeStatus, SessionRow } from "../../engine/index.ts";
import { version } from "../../engine/index.ts";
import type { HubContext } from "../hub-context.ts";
import { sumOf } from "../history/bucket-ring.ts";
import type { History } from "../history/history.ts";
import type { HistoryKeeper } from "../history/history-keeper.ts";
import { byUrgency, clinicAttention, hubAttention, worst } from "./attention.ts";
import type {
  Attention,
  ClinicRow,
  ClinicState,
  Hour,
  Overview,
  OverviewHead,
} from "./overview-types.ts";

const keptMsMin = 1000;
/** Gathering takes at most this part of the time. */
const dutyMax = 0.05;
const attentionMax = 200;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const hoursShown = 24;

export interface OverviewInput {
  readonly hub: Pick<HubContext, "node" | "nowMs">;
  readonly keeper: Pick<HistoryKeeper, "history" | "refresh">;
  /** Silence of a clinic that is longer counts as quiet. */
  readonly quietAfterMs: number;
}

interface KeptRow {
  readonly row: ClinicRow;
  readonly text: string;
  readonly change: number;
}

export class OverviewSource {
  private readonly input: OverviewInput;
  private readonly rows = new Map<string, KeptRow>();
  private head: OverviewHead | undefined;
  private headText = "";
  private headChange = 0;
  private change = 0;
  private removedChange = 0;
  private atMs = 0;
  private validUntilMs = 0;
  private gathering: Promise<void> | undefined;

  constructor(input: OverviewInput) {
    this.input = input;
  }

  /** Not older than a second, or than gathering allows. Rejects as `nodes` and `status` do. */
  async read(): Promise<Overview> {
    const head = await this.fresh();
    const clinics = [...this.rows.values()].map(({ row }) => row);
    return { at: new Date(this.atMs).toISOString(), ...head, clinics };
  }

  /** What has changed since `change`; undefined when nothing has. 0: everything. */
  async since(change: number): Promise<OverviewNews | undefined> {
    const head = await this.fresh();
    const isWhole = change === 0 || change < this.removedChange;
    const rows = [...this.rows.values()].filter((kept) => isWhole || kept.change > change);
    if (!isWhole && rows.length === 0 && this.headChange <= change) return undefined;
    const at = new Date(this.atMs).toISOString();
    const clinics = rows.map(({ row }) => row);
    return { change: this.change, isWhole, overview: { at, ...head, clinics } };
  }

  private async fresh(): Promise<OverviewHead> {
    if (this.head === undefined || performance.now() >= this.validUntilMs) {
      this.gathering ??= this.gather().finally(() => {
        this.gathering = undefined;
      });
      await this.gathering;
    }
    if (this.head === undefined) throw new Error("the overview was not gathered");
    return this.head;
  }

  private async gather(): Promise<void> {
    const startMs = performance.now();
    const { hub, keeper, quietAfterMs } = this.input;
    keeper.refresh();
    const nowMs = hub.nowMs();
    const status = await hub.node.status();
    const sessions = new Map(hub.node.meters.rows().map((row) => [row.peer, row]));
    // Of several the first: later entries of a map win.
    const held = status.quarantinedEvents.toReversed();
    const reasons = new Map(held.map(({ node, reason }) => [node, reason]));
    const takeovers = takeoversOf(keeper.history, nowMs);
    const facts = { nowMs, quietAfterMs, sessions, reasons, takeovers, history: keeper.history };
    const attention: Attention[] = [];
    const seen = new Set<string>();
    const rows: ClinicRow[] = [];
    for (const node of newestOfEach(await hub.node.nodes(), status.nodeId)) {
      const row = toClinicRow(node, facts);
      const items = clinicAttention(row, facts);
      attention.push(...items);
      const whole = { ...row, level: worst(items) };
      rows.push(whole);
      seen.add(node.node);
      this.keep(whole);
    }
    const ofClinics = rows.reduce((sum, { quarantinedHere }) => sum + quarantinedHere, 0);
    const quarantined = Math.max(0, status.quarantined - ofClinics);
    attention.push(...hubAttention({ ...status, quarantined }));
    for (const node of this.rows.keys())
      if (!seen.has(node)) {
        this.rows.delete(node);
        this.removedChange = ++this.change;
      }
    attention.sort(byUrgency);
    this.keepHead({ rows, attention, status, history: keeper.history, nowMs });
    this.atMs = nowMs;
    const endMs = performance.now();
    this.validUntilMs = endMs + Math.max(keptMsMin, (endMs - startMs) / dutyMax);
  }

  private keep(row: ClinicRow): void {
    const text = JSON.stringify(row);
    if (this.rows.get(row.node)?.text === text) return;
    this.rows.set(row.node, { row, text, change: ++this.change });
  }

  private keepHead(made: {
    readonly rows: readonly ClinicRow[];
    readonly attention: readonly Attention[];
    readonly status: NodeStatus;
    readonly history: History;
    readonly nowMs: number;
  }): void {
    const { rows, attention, status, history, nowMs } = made;
    const count = (holds: (row: ClinicRow) => boolean): number => rows.filter(holds).length;
    const head: OverviewHead = {
      hub: {
        node: status.nodeId,
        version,
        records: status.walRecords,
        written: writtenHere(status),
        logBytes: status.walBytes,
        isEncrypted: status.encrypted,
        diskFreeBytes: status.diskFreeBytes ?? null,
        certDaysLeft: status.certDaysLeft,
        isReadOnly: status.readOnly !== null,
        damaged: status.damaged,
        quarantined: status.quarantined,
        alarms: status.alarms.length,
        scrubFinishedAt: status.scrub.finishedAt,
      },
      quietAfterMs: this.input.quietAfterMs,
      today: todayOf(history, undefined, nowMs),
      counts: {
        clinics: count(({ state }) => state !== "revoked"),
        connected: count(({ state }) => state === "live" || state === "syncing"),
        quiet: count(({ state }) => state === "quiet"),
        urgent: attention.filter(({ level }) => level === "urgent").length,
        soon: attention.filter(({ level }) => level === "soon").length,
      },
      attention: attention.slice(0, attentionMax),
      attentionLeft: Math.max(0, attention.length - attentionMax),
    };
    this.head = head;
    const text = JSON.stringify(head);
    if (text === this.headText) return;
    this.headText = text;
    this.headChange = ++this.change;
  }
}

export interface OverviewNews {
  /** For the next call of `since`. */
  readonly change: number;
  /** Rows that are not named are gone. */
  readonly isWhole: boolean;
  /** With the rows that have changed only. */
  readonly overview: Overview;
}

/** A node that was signed again has several certificates: the newest that is not revoked counts. */
function newestOfEach(rows: readonly NodeRow[], self: string): readonly NodeRow[] {
  const newest = new Map<string, NodeRow>();
  for (const row of rows) {
    if (row.node === self) continue;
    const before = newest.get(row.node);
    if (before === undefined || before.isRevoked || !row.isRevoked) newest.set(row.node, row);
  }
  return [...newest.values()];
}

interface GatheredFacts {
  readonly nowMs: number;
  readonly quietAfterMs: number;
  readonly sessions: ReadonlyMap<string, SessionRow>;
  /** Why events of a node are held back. */
  readonly reasons: ReadonlyMap<string, string>;
  readonly history: History;
}

function toClinicRow(node: NodeRow, facts: GatheredFacts): Omit<ClinicRow, "level"> {
  const session = facts.sessions.get(node.node);
  const { health } = node;
  const troubles = health?.troubles ?? [];
  const state = stateOf(node, session, facts);
  return {
    node: node.node,
    role: node.role,
    state,
    lastSeen: node.lastSync,
    lastResult: node.result,
    behindSince: state === "live" ? null : node.lastSync,
    pendingIn: node.pendingIn,
    pendingOut: node.pendingOut,
    events: node.events,
    today: todayOf(facts.history, node.node, facts.nowMs),
    clockDifferenceMs: node.clockDifferenceMs,
    certDaysLeft: Math.floor((Date.parse(node.notAfter) - facts.nowMs) / dayMs),
    damagedThere: health?.damaged ?? 0,
    quarantinedThere: health?.quarantined ?? 0,
    quarantinedHere: node.quarantined,
    quarantineReason: facts.reasons.get(node.node) ?? "",
    damagedHere: node.damaged,
    isForked: node.forked > 0 || troubles.includes("Z507") || troubles.includes("Z508"),
    diskFreeBytes: health?.diskFreeBytes ?? null,
    version: health?.version ?? "",
    troubles,
    hours: hoursOf(facts.history, node.node, facts.nowMs),
    transfer:
      session === undefined || session.isResting
        ? null
        : {
            eventsReceived: session.eventsReceived,
            eventsSent: session.eventsSent,
            eventsToSend: session.eventsToSend,
          },
  };
}

function stateOf(
  node: NodeRow,
  session: SessionRow | undefined,
  { nowMs, quietAfterMs }: GatheredFacts,
): ClinicState {
  if (node.isRevoked) return "revoked";
  if (session !== undefined) return session.isResting ? "live" : "syncing";
  if (node.lastSync === null) return "never";
  return nowMs - Date.parse(node.lastSync) > quietAfterMs ? "quiet" : "away";
}

/** Seqs are never issued twice, so that their sum only grows. */
function writtenHere({ nodeId, vector }: NodeStatus): number {
  let written = 0;
  for (const { node, seq } of vector) if (node === nodeId) written += seq;
  return written;
}

function takeoversOf({ recent }: History, nowMs: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { peer, endedBy, endedMs } of recent)
    if (endedBy === "fenced" && nowMs - endedMs < hourMs)
      counts.set(peer, (counts.get(peer) ?? 0) + 1);
  return counts;
}

function todayOf(history: History, clinic: string | undefined, nowMs: number): ClinicRow["today"] {
  const midnightMs = new Date(nowMs).setHours(0, 0, 0, 0);
  const buckets = history.read("day", clinic, nowMs).filter(({ fromMs }) => fromMs >= midnightMs);
  return {
    syncs: sumOf(buckets, "syncs"),
    failures: sumOf(buckets, "failures"),
    events: sumOf(buckets, "eventsReceived"),
    bytes: sumOf(buckets, "bytesReceived") + sumOf(buckets, "bytesSent"),
  };
}

function hoursOf(history: History, clinic: string, nowMs: number): readonly Hour[] {
  const hours: Hour[] = Array.from({ length: hoursShown }, () => [0, 0, 0] as const);
  const newest = Math.floor(nowMs / hourMs);
  for (const { fromMs, syncs, failures, eventsReceived } of history.read("day", clinic, nowMs)) {
    const at = hoursShown - 1 - (newest - Math.floor(fromMs / hourMs));
    if (at >= 0) hours[at] = [syncs, failures, eventsReceived];
  }
  return hours;
}
