/**
 * The judge: knows every event that was ever pushed, who holds it, and which
 * promises must hold after every step. It looks at what logs say they hold and
 * at what goes over the wire; nothing in the world takes decisions from it.
 *
 * Faults that destroy a copy are told to it by the fault, never found out here:
 * an event that vanishes without such a fault is a violation.
 */
import { bytesToHex } from "../src/core/bytes.ts";
import { compareHlc, type Hlc } from "../src/core/clock/hlc.ts";
import type { StreamId } from "../src/core/event.ts";
import type { Log, PushedEvent, StoredEvent } from "../src/core/log/api.ts";
import type { RecoveryReport } from "../src/core/log/open.ts";
import { FileFault } from "../src/core/ports.ts";
import { rangesContain } from "../src/core/vector/ranges.ts";
import type { Coverage } from "./coverage.ts";
import type { Device } from "./device.ts";
import { epochKey, type Held, positionKey, streamText } from "./device-view.ts";
import { hostileId } from "./attack-names.ts";
import { uidOf } from "./payload.ts";
import { isBelowFloor } from "./operator-checks.ts";
import { Permissions } from "./permissions.ts";
import { Violation } from "./violation.ts";

export interface Fact {
  readonly uid: number;
  readonly node: string;
  readonly lane: string;
  isAcked: boolean;
  /** Devices that hold it, up or down: what is on a disk is held. */
  readonly holders: Set<Device>;
  /** Which fault destroyed the last copy. */
  destroyedBy: string | undefined;
  /** The hub's operator let it go. */
  isDroppedAtHub: boolean;
}

/** More than any disk here takes. */
const diskPatienceMs = 10_000;

export class Oracle {
  readonly facts = new Map<number, Fact>();
  /** Epochs in which a device wrote on top of an older copy: two contents for one position are expected until that is settled. */
  readonly forkedEpochs = new Set<string>();
  /** In which some device wrote itself; all others are derived ones, and as disputed as what they come from. */
  private readonly writtenEpochs = new Set<string>();
  private readonly contents = new Map<string, string>();
  /** (node that holds, position, chain): durable there at some time. */
  private readonly everHeld = new Set<string>();
  readonly permissions: Permissions;
  private readonly coverage: Coverage;
  private readonly nowMs: () => number;
  /** Node ids whose only device is revoked, and since when. */
  readonly revoked = new Map<string, number>();
  private lastUid = 0;

  constructor(input: {
    readonly policy: "own" | "all";
    readonly coverage: Coverage;
    readonly nowMs: () => number;
  }) {
    this.permissions = new Permissions(input.policy);
    this.coverage = input.coverage;
    this.nowMs = input.nowMs;
  }

  newUid(node: string, lane: string): number {
    const uid = ++this.lastUid;
    this.facts.set(uid, {
      uid,
      node,
      lane,
      isAcked: false,
      holders: new Set(),
      destroyedBy: undefined,
      isDroppedAtHub: false,
    });
    return uid;
  }

  /** Positions were given out, durable or not. */
  issued(device: Device, events: readonly PushedEvent[]): void {
    const { view } = device;
    for (const { stream, hlc, isRepeat } of events) {
      this.writtenEpochs.add(epochKey(stream));
      const last = view.lastAcked;
      if (isRepeat || last?.epoch !== stream.epoch || compareHlc(last.hlc, hlc) < 0) continue;
      throw new Violation("HLC never goes back", `${device.name}: ${streamText(stream)}`);
    }
  }

  acknowledged(device: Device, log: Log, uid: number, event: PushedEvent): void {
    if (!this.refresh(device, log)) return;
    const key = positionKey(event.stream, event.seq);
    const fact = this.facts.get(uid);
    if (fact === undefined) return;
    fact.isAcked = true;
    if (!event.isRepeat) device.view.lastAcked = { epoch: event.stream.epoch, hlc: event.hlc };
    if (device.view.held.get(key)?.uid === uid) return;
    // A sector that went bad just now: the log has met it already, and names it.
    const index = log.findStream(event.stream);
    const isHole = index !== undefined && rangesContain(log.stream(index).holes, event.seq);
    if (device.wounds === 0 || !isHole)
      throw new Violation(
        "acknowledged is durable",
        `${device.name}: ${key} was acknowledged and is not readable`,
      );
    device.view.holes.add(key);
    if (fact.holders.size === 0) fact.destroyedBy = "damage";
  }

  /** Takes up what became durable since. False when the disk would not let it be read. */
  refresh(device: Device, log: Log): boolean {
    const { view } = device;
    if (log.lastOrdinal <= view.lastOrdinal) return true;
    try {
      for (;;) {
        const events = log.readArrivals(view.lastOrdinal, {
          events: 256,
          bytes: 1 << 20,
          withQuarantined: true,
        });
        // A disk that would not open a file just now says nothing about what is in it.
        if (events.length === 0) return !device.hasDiskFault || log.lastOrdinal <= view.lastOrdinal;
        for (const event of events) {
          this.checkRevoked(device, event);
          this.note(device, log, event, device.view.held, this.nowMs());
          view.lastOrdinal = event.ordinal;
        }
      }
    } catch (fault) {
      if (!(fault instanceof FileFault)) throw fault;
      return false;
    }
  }

  private checkRevoked(device: Device, { stream, seq }: StoredEvent): void {
    const revokedMs = device.role === "hub" ? this.revoked.get(stream.node) : undefined;
    // What was with the disk already may become durable.
    if (revokedMs === undefined || this.nowMs() < revokedMs + diskPatienceMs) return;
    throw new Violation("a revoked node stores nothing", positionKey(stream, seq));
  }

  /** Looks at everything anew: after an opening, and after streams were re-homed. */
  rescan(device: Device, log: Log, recovery?: RecoveryReport): void {
    const { view } = device;
    const before = view.held;
    const uidsBefore = view.positionByUid;
    view.held = new Map();
    view.positionByUid = new Map();
    view.holes = new Set();
    view.lastOrdinal = log.lastOrdinal;
    for (let index = 0; index < log.streamCount; index++)
      this.scanStream(device, log, index, before);
    let vanished = 0;
    for (const [uid, key] of uidsBefore) {
      if (view.positionByUid.has(uid)) continue;
      if (this.noteVanished(device, log, uid, before.get(key), recovery)) vanished++;
    }
    // What looks torn is cut together with all of its group.
    if (device.hasCut || (recovery?.tornBytes ?? 0) > 0) return;
    if (vanished > device.eventsAtRisk)
      throw new Violation(
        "damage costs what was in it",
        `${device.name}: ${vanished} events are gone, ${device.eventsAtRisk} were at risk`,
      );
    device.eventsAtRisk -= vanished;
  }

  private scanStream(
    device: Device,
    log: Log,
    index: number,
    before: ReadonlyMap<string, Held>,
  ): void {
    // Of such a stream the head alone may be any number.
    if (log.stream(index).id.node === hostileId) return;
    let last: Hlc | undefined;
    for (let seq = 1; seq <= log.streamHead(index); ) {
      const events = log.readStream(index, seq, { events: 256, bytes: 1 << 20 });
      for (const event of events) {
        const since = before.get(positionKey(event.stream, event.seq))?.sinceMs ?? this.nowMs();
        this.note(device, log, event, device.view.held, since);
        if (last !== undefined && compareHlc(last, event.hlc) >= 0)
          throw new Violation(
            "HLC rises within a stream",
            `${device.name}: ${positionKey(event.stream, event.seq)}`,
          );
        last = event.hlc;
        seq = event.seq + 1;
      }
      if (events.length > 0) continue;
      const { id, holes } = log.stream(index);
      if (rangesContain(holes, seq)) device.view.holes.add(positionKey(id, seq));
      seq++;
    }
  }

  private note(
    device: Device,
    log: Log,
    event: StoredEvent,
    held: Map<string, Held>,
    sinceMs: number,
  ): void {
    const { stream, seq } = event;
    // What somebody with a certificate writes in its own name is its own affair.
    if (stream.node === hostileId) return;
    const key = positionKey(stream, seq);
    const chain = bytesToHex(event.chain);
    this.checkMayHold(device, event);
    const uid = this.readUid(log, event);
    if (uid === undefined && event.isFragmented && device.wounds > 0) return;
    const fact = uid === undefined ? undefined : this.facts.get(uid);
    if (
      uid === undefined ||
      fact === undefined ||
      fact.node !== stream.node ||
      fact.lane !== stream.lane
    )
      throw new Violation(
        "only what was pushed exists",
        `${device.name}: ${key} holds what nobody pushed there`,
      );
    if (!this.isDisputed(epochKey(stream))) {
      const known = this.contents.get(key);
      if (known === undefined) this.contents.set(key, chain);
      else if (known !== chain)
        throw new Violation("one payload a position", `${device.name}: ${key} has two`);
    }
    const other = device.view.positionByUid.get(uid);
    if (other !== undefined && other !== key && held.has(other) && !this.isForked(other))
      throw new Violation(
        "nothing is delivered twice",
        `${device.name}: event ${uid} is at ${other} and at ${key}`,
      );
    if (device.view.holes.delete(key)) this.coverage.add("hole healed");
    held.set(key, { stream, seq, uid, chain, hlc: event.hlc, sinceMs });
    device.view.positionByUid.set(uid, key);
    fact.holders.add(device);
    fact.destroyedBy = undefined;
    this.everHeld.add(`${device.nodeId} ${key} ${chain}`);
  }

  /** While a clone settles its fork, what its twin has re-homed may come first. */
  private isForked(position: string): boolean {
    return this.isDisputed(position.split(" ").slice(0, 2).join(" "));
  }

  isDisputed(epoch: string): boolean {
    return this.forkedEpochs.has(epoch) || this.isDerived(epoch);
  }

  /** No device ever wrote there: a branch was moved into it. */
  isDerived(epoch: string): boolean {
    return !this.writtenEpochs.has(epoch);
  }

  private readUid(log: Log, event: StoredEvent): number | undefined {
    if (!event.isFragmented) return uidOf(event.payload);
    const index = log.findStream(event.stream);
    const head =
      index === undefined
        ? undefined
        : log.readPayload(index, event.seq, { offset: 0, sizeBytes: 16 });
    return head === undefined ? undefined : uidOf(head);
  }

  /** True when it was destroyed. */
  private noteVanished(
    device: Device,
    log: Log,
    uid: number,
    held: Held | undefined,
    recovery: RecoveryReport | undefined,
  ): boolean {
    const fact = this.facts.get(uid);
    if (fact === undefined || held === undefined) return false;
    fact.holders.delete(device);
    if (isBelowFloor(log, held)) {
      if (fact.holders.size === 0) fact.destroyedBy = "dropped by an operator";
      return false;
    }
    const key = positionKey(held.stream, held.seq);
    const where = `${device.name}: event ${uid} at ${key}`;
    if (device.wounds === 0)
      throw new Violation("what is durable stays", `${where} is gone, and nothing destroyed it`);
    if (fact.holders.size === 0) fact.destroyedBy = "damage";
    // The last records of a log may rot unseen when nobody else has confirmed them (RULES 9).
    if (held.stream.node === device.nodeId) {
      this.forkedEpochs.add(epochKey(held.stream));
      device.view.lastAcked = undefined;
    }
    const isSetAside = device.hasCut || device.logStore.list("set-aside").length > 0;
    if (!isSetAside && !isNamed(log, held, recovery))
      throw new Violation("loss is named", `${where} is gone in silence`);
    return true;
  }

  /** The card of this device was replaced: what it held and the new one does not is not its loss to report. */
  forget(device: Device, fault: string): void {
    const { view } = device;
    for (const uid of view.positionByUid.keys()) {
      const fact = this.facts.get(uid);
      if (fact === undefined) continue;
      fact.holders.delete(device);
      if (fact.holders.size === 0) fact.destroyedBy = fault;
    }
    view.held = new Map();
    view.positionByUid = new Map();
    view.holes = new Set();
    view.lastOrdinal = 0;
    view.lastAcked = undefined;
  }

  private checkMayHold(device: Device, event: StoredEvent): void {
    const { stream } = event;
    if (!this.permissions.mayHold(device, stream))
      throw new Violation(
        "no clinic holds another's",
        `${device.name} holds ${streamText(stream)}`,
      );
    this.permissions.checkBytes(device, event.known, "what an author knew");
  }

  /** `device` is about to say that it holds this durably. */
  checkAcknowledges(device: Device, log: Log, stream: StreamId, seq: number, offset: number): void {
    if (!this.refresh(device, log)) return;
    if (device.view.held.has(positionKey(stream, seq))) return;
    const index = log.findStream(stream);
    const state = index === undefined ? undefined : log.stream(index);
    if (state !== undefined) {
      if (rangesContain(state.lost, seq) || (state.floor?.seq ?? 0) >= seq) return;
      // Held when it was answered, and found damaged since.
      if (device.wounds > 0 && rangesContain(state.holes, seq)) return;
      // A part of an event: only of the next one the log says how much it has.
      if (offset > 0 && (seq <= state.head || (state.partialBytes ?? 0) >= offset)) return;
      // A re-homing meanwhile took the position away; the content has another one now.
      if (this.isDisputed(epochKey(stream))) return;
    }
    const known =
      state === undefined
        ? "stream unknown"
        : `head ${state.head}, partial ${state.partialBytes}, holes ${JSON.stringify(state.holes)}`;
    throw new Violation(
      "an ACK means durable",
      `${device.name} acknowledges ${positionKey(stream, seq)}+${offset} (${known})`,
    );
  }

  wasHeldAt(node: string, stream: StreamId, seq: number, chain: Uint8Array): boolean {
    return this.everHeld.has(`${node} ${positionKey(stream, seq)} ${bytesToHex(chain)}`);
  }
}

/** Does the log, or the opening that found out, say that this may be missing? */
function isNamed(log: Log, held: Held, recovery: RecoveryReport | undefined): boolean {
  const index = log.findStream(held.stream);
  const state = index === undefined ? undefined : log.stream(index);
  if (state !== undefined && held.seq <= state.head) {
    if (rangesContain(state.holes, held.seq) || rangesContain(state.lost, held.seq)) return true;
  }
  if (recovery === undefined) return log.alarms.length > 0 || log.damages.length > 0;
  return recovery.tornBytes > 0 || recovery.reports.length > 0 || log.alarms.length > 0;
}
