/** A node whose log another process owns, as seen through that process's socket. */
import type { RpcClient } from "../storage/rpc-client.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import type {
  AcknowledgedAlarm,
  ArrivalBatch,
  ArrivalQuery,
  AuditQuery,
  AuditRow,
  CareSummary,
  CompactInput,
  ExpireInput,
  NodeApi,
  NodeRow,
  NodeStatus,
  PingInput,
  PingSummary,
  PulledEvent,
  PullQuery,
  PushInput,
  PushResult,
  RekeyInput,
  RekeySummary,
  SnapshotInput,
  SnapshotSummary,
  SyncInput,
  SyncProgress,
  SyncSummary,
  VerifyReport,
} from "./api.ts";
import { encodeDataKey } from "../pki/index.ts";
import { takeNewKey } from "./rekey.ts";
import { asFields, decodeArrivalBatch, decodePulledEvent, encodePushInput } from "./wire-json.ts";

/**
 * Answers are taken as they come: the owner is a process of the same user and of
 * the same version, which the socket's greeting has checked.
 */
export class RemoteNode implements NodeApi {
  private readonly owner: RpcClient;

  constructor(owner: RpcClient) {
    this.owner = owner;
  }

  async push(events: readonly PushInput[]): Promise<readonly PushResult[]> {
    const answer = await this.owner.call("push", { events: events.map(encodePushInput) });
    return answer as readonly PushResult[];
  }

  async pull(query: PullQuery): Promise<readonly PulledEvent[]> {
    const answer = await this.owner.call("pull", query);
    return (answer as readonly unknown[]).map(decodePulledEvent);
  }

  async *events(
    query: PullQuery & { readonly follow?: boolean; readonly signal?: AbortSignal },
  ): AsyncGenerator<PulledEvent> {
    const { signal, ...rest } = query;
    const options = signal === undefined ? {} : { signal };
    for await (const item of this.owner.stream("events", rest, options))
      yield decodePulledEvent(item);
  }

  async arrivals(query: ArrivalQuery): Promise<ArrivalBatch> {
    const { signal, ...rest } = query;
    const options = signal === undefined ? {} : { signal };
    return decodeArrivalBatch(await this.owner.call("arrivals", rest, options));
  }

  async *audit(query: AuditQuery): AsyncGenerator<AuditRow> {
    for await (const item of this.owner.stream("audit", query)) yield item as AuditRow;
  }

  async verify(): Promise<VerifyReport> {
    return (await this.owner.call("verify", {})) as VerifyReport;
  }

  async status(): Promise<NodeStatus> {
    return (await this.owner.call("status", {})) as NodeStatus;
  }

  async nodes(): Promise<readonly NodeRow[]> {
    return (await this.owner.call("nodes", {})) as readonly NodeRow[];
  }

  async sync(input: SyncInput): Promise<SyncSummary> {
    const { onProgress, signal, ...rest } = input;
    const options = signal === undefined ? {} : { signal };
    for await (const item of this.owner.stream("sync", rest, options)) {
      const { progress, summary } = asFields(item);
      if (summary !== undefined) return summary as SyncSummary;
      onProgress?.(progress as SyncProgress);
    }
    throw new ZamError("Z401", { address: input.hub ?? "the hub", reason: "it was called off" });
  }

  async ping(input: PingInput): Promise<PingSummary> {
    return (await this.owner.call("ping", input)) as PingSummary;
  }

  async acknowledge(alarmId: string): Promise<AcknowledgedAlarm> {
    return (await this.owner.call("acknowledge", { id: alarmId })) as AcknowledgedAlarm;
  }

  async snapshot(input: SnapshotInput): Promise<SnapshotSummary> {
    const { out, signal } = input;
    const options = signal === undefined ? {} : { signal };
    return (await this.owner.call("snapshot", { out }, options)) as SnapshotSummary;
  }

  async compact(input: CompactInput): Promise<CareSummary> {
    return (await this.owner.call("compact", input)) as CareSummary;
  }

  async expire(input: ExpireInput): Promise<CareSummary> {
    return (await this.owner.call("expire", input)) as CareSummary;
  }

  /** The key file is this process's to read or to make; the owner gets what is in it. */
  async rekey(input: RekeyInput): Promise<RekeySummary> {
    const { newKeyFile, newKey } = takeNewKey(input);
    const named = newKey === undefined ? {} : { newKeyFile, newKey: encodeDataKey(newKey) };
    return (await this.owner.call("rekey", named)) as RekeySummary;
  }

  async close(): Promise<void> {
    this.owner.close();
  }
}
