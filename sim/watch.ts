/**
 * Reads along on one connection, on the sender's side: what is said must be
 * true, allowed, and not said before.
 */
import { decodeFrame } from "../src/core/codec/decode-frame.ts";
import { FrameReader } from "../src/core/codec/frame-reader.ts";
import type { Frame } from "../src/core/codec/frame-types.ts";
import { isUrgentLane, type StreamId } from "../src/core/event.ts";
import { rangesContain } from "../src/core/vector/ranges.ts";
import { type CarriedRange, SentPlaces } from "../src/testing/sent-places.ts";
import type { Connection } from "./connection.ts";
import type { Coverage } from "./coverage.ts";
import type { Device } from "./device.ts";
import { epochKey, positionKey, streamText } from "./device-view.ts";
import type { Oracle } from "./oracle.ts";
import type { Trace } from "./trace.ts";
import { Violation } from "./violation.ts";

interface Side {
  readonly device: Device;
  readonly reader: FrameReader;
  readonly places: SentPlaces;
  /** Positions that its log itself named as missing when the connection began. */
  readonly holes: ReadonlySet<string>;
  /** Durable bytes of unfinished events when the connection began, by position. */
  readonly partials: ReadonlyMap<string, number>;
  readonly begunFragments: Set<string>;
  hasSentBulk: boolean;
}

export class ConnectionWatch {
  private readonly connection: Connection;
  private readonly sides: readonly [Side, Side];
  private readonly oracle: Oracle;
  private readonly coverage: Coverage;
  private readonly trace: Trace;

  constructor(input: {
    readonly connection: Connection;
    readonly near: Device;
    readonly far: Device;
    readonly oracle: Oracle;
    readonly coverage: Coverage;
    readonly trace: Trace;
  }) {
    this.connection = input.connection;
    this.oracle = input.oracle;
    this.coverage = input.coverage;
    this.trace = input.trace;
    this.sides = [createSide(input.near), createSide(input.far)];
  }

  onTransmit(from: Device, bytes: Uint8Array): void {
    const isNear = from === this.sides[0].device;
    const sender = isNear ? this.sides[0] : this.sides[1];
    const receiver = isNear ? this.sides[1] : this.sides[0];
    this.oracle.permissions.checkBytes(receiver.device, bytes, "frames");
    this.trace.bytes(`${from.name}>`, bytes);
    sender.reader.append(bytes);
    const ends = { sender: sender.device.nodeId, receiver: receiver.device.nodeId };
    for (let cut = sender.reader.next(); cut.kind !== "incomplete"; cut = sender.reader.next()) {
      if (cut.kind === "problem") throw new Violation("frames are well-formed", cut.problem);
      const frame = decodeFrame(cut.bytes.slice(), ends);
      if (frame.type === "problem")
        throw new Violation("frames are well-formed", `${from.name}: ${frame.problem}`);
      this.take(sender, receiver, frame, isNear);
    }
  }

  private take(sender: Side, receiver: Side, frame: Frame, isNear: boolean): void {
    const carried = sender.places.take(frame);
    if (carried !== undefined) this.takeRange(sender, receiver, carried, isNear);
    switch (frame.type) {
      case "stream":
        this.checkStream(receiver.device, frame.id);
        return;
      case "vector":
        for (const { id } of frame.entries) this.checkStream(receiver.device, id);
        return;
      case "quarantine":
        for (const { id } of frame.runs) this.checkStream(receiver.device, id);
        return;
      case "chains":
      case "chainsQuery":
        if (frame.type === "chainsQuery") this.coverage.add("chains asked for");
        return this.checkStream(receiver.device, frame.id);
      case "batch":
        if (carried === undefined)
          throw new Violation("frames are well-formed", "a BATCH without a place");
        this.coverage.add("batch by a codec");
        if (frame.history !== undefined) this.coverage.add("codec primed with shared events");
        return;
      case "history":
        if (frame.count > 0) this.coverage.add("codec primed with shared events");
        return;
      case "fragment":
        return this.takeFragment(sender, receiver, frame, isNear);
      case "ack":
        return this.takeAck(sender, receiver, frame);
      case "refused":
        if (frame.reason === "gap") this.coverage.add("gap answered");
        if (frame.reason === "fork") this.coverage.add("fork answered");
        return;
      case "hello":
        if (frame.base !== undefined) this.coverage.add("relative vector");
        return;
      case "needVector":
        this.coverage.add("whole vector asked for");
        return;
      default:
        return;
    }
  }

  private checkStream(to: Device, id: StreamId): void {
    if (to.role !== "clinic" || this.oracle.permissions.mayHold(to, id)) return;
    throw new Violation(
      "no clinic is told of another's",
      `${to.name} is told of ${streamText(id)}`,
    );
  }

  private isSpeculative(isNear: boolean): boolean {
    return isNear && this.connection.near.receivedBytes === 0;
  }

  private takeRange(sender: Side, receiver: Side, frame: CarriedRange, isNear: boolean): void {
    const stream = this.streamOf(sender, frame.stream);
    for (let seq = frame.from; seq < frame.from + frame.count; seq++)
      this.checkNew(sender, receiver, stream, seq, isNear);
    if (this.isSpeculative(isNear)) this.coverage.add("speculative push");
    if (isUrgentLane(stream.lane)) {
      if (sender.hasSentBulk) this.coverage.add("urgent sent before a backlog");
    } else sender.hasSentBulk = true;
  }

  private takeFragment(
    sender: Side,
    receiver: Side,
    frame: Frame & { readonly type: "fragment" },
    isNear: boolean,
  ): void {
    const stream = this.streamOf(sender, frame.stream);
    const key = positionKey(stream, frame.seq);
    this.checkNew(sender, receiver, stream, frame.seq, isNear);
    const durableBytes = receiver.partials.get(key) ?? 0;
    // A part that rotted is asked for from the start.
    const isSound = receiver.device.wounds === 0;
    if (isSound && !this.isSpeculative(isNear) && frame.offset + frame.rawBytes <= durableBytes)
      throw new Violation(
        "nothing durable is sent again",
        `${sender.device.name} sends ${key}+${frame.offset} again`,
      );
    if (!sender.begunFragments.has(key) && frame.offset > 0) this.coverage.add("fragment resumed");
    sender.begunFragments.add(key);
  }

  /** What the receiver held before the connection began is in the vector that it sent, or in what the sender knew of it. */
  private checkNew(
    sender: Side,
    receiver: Side,
    stream: StreamId,
    seq: number,
    isNear: boolean,
  ): void {
    const held = receiver.device.view.held.get(positionKey(stream, seq));
    if (held === undefined || held.sinceMs >= this.connection.openedMs) return;
    if (isMissing(receiver, stream, seq)) return;
    if (this.isSpeculative(isNear) && sender.device.isKnowledgeOld) return;
    if (this.oracle.isDisputed(epochKey(stream))) return;
    throw new Violation(
      "nothing durable is sent again",
      `${sender.device.name} sends ${positionKey(stream, seq)} again`,
    );
  }

  private takeAck(sender: Side, receiver: Side, frame: Frame & { readonly type: "ack" }): void {
    const { process } = sender.device;
    if (process === undefined || receiver.device.isHostile) return;
    for (const { stream, seq, offset } of frame.entries) {
      const id = this.streamOf(receiver, stream);
      this.oracle.checkAcknowledges(sender.device, process.log, id, seq, offset ?? 0);
    }
  }

  private streamOf(side: Side, number: number): StreamId {
    const id = side.places.streamOf(number);
    if (id === undefined)
      throw new Violation("frames are well-formed", `stream ${number} has no name`);
    return id;
  }
}

/** Damage that a log has met and named since it was last looked at as a whole. */
function isMissing(side: Side, stream: StreamId, seq: number): boolean {
  if (side.holes.has(positionKey(stream, seq))) return true;
  const log = side.device.process?.log;
  const index = log?.findStream(stream);
  // A log of a read-only disk lists only what is proven durable.
  if (log?.readOnlyReason !== undefined) return true;
  if (log === undefined || index === undefined) return false;
  return seq > log.streamHead(index) || rangesContain(log.stream(index).holes, seq);
}

function createSide(device: Device): Side {
  const partials = new Map<string, number>();
  const holes = new Set<string>();
  const log = device.process?.log;
  for (let index = 0; log !== undefined && index < log.streamCount; index++) {
    const { id, head, holes: ranges, partialBytes } = log.stream(index);
    for (const { from, to } of ranges)
      for (let seq = from; seq <= to; seq++) holes.add(positionKey(id, seq));
    if (partialBytes !== undefined) partials.set(positionKey(id, head + 1), partialBytes);
  }
  return {
    device,
    reader: new FrameReader(),
    places: new SentPlaces(),
    holes,
    partials,
    begunFragments: new Set(),
    hasSentBulk: false,
  };
}
