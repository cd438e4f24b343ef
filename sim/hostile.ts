/**
 * Somebody with a valid certificate who means harm: forged origins, other
 * chains, absurd numbers, replayed frames, bombs, garbage. It speaks to the real
 * session of the hub over a simulated connection. Nothing that it does may show
 * anywhere but in its own streams; the oracle watches the others as ever.
 *
 * It may write what it likes in its own name: that is what a certificate allows.
 */
import { zstdFull } from "../src/core/codec/codecs.ts";
import { ByteWriter } from "../src/core/bytes.ts";
import { encodeFrame } from "../src/core/codec/encode-frame.ts";
import type { Frame, HelloFrame } from "../src/core/codec/frame-types.ts";
import { encodeRows } from "../src/core/codec/rows.ts";
import { vectorDigest } from "../src/core/codec/vector-codec.ts";
import type { EventContent, StreamId } from "../src/core/event.ts";
import { chainZero, nextChain } from "../src/core/log/chain.ts";
import type { VectorEntry } from "../src/core/vector/stream-table.ts";
import type { SeededRandom } from "../src/testing/seeded-random.ts";
import { type AttackName, attackNames, hostileId } from "./attack-names.ts";
import { Connection } from "./connection.ts";
import { Device } from "./device.ts";
import { nodeCompressor } from "./ports.ts";
import { answer } from "./sessions.ts";
import { worldStartMs } from "./wall-clock.ts";
import type { World } from "./world.ts";

const replayedMax = 40;

export class Attacker {
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly device: Device;
  /** What honest clinics have sent of late, as somebody on the wire of an older device would have kept it. */
  private readonly overheard: Uint8Array[] = [];

  constructor(world: World, random: SeededRandom) {
    this.world = world;
    this.random = random;
    this.device = this.createDevice(hostileId, 0);
    world.onTransmitted = (bytes) => {
      if (this.overheard.length === replayedMax)
        this.overheard.splice(random.below(replayedMax), 1);
      this.overheard.push(bytes.slice());
    };
  }

  attack(): void {
    const { world, random } = this;
    if (!world.hub.isUp || !world.isHubReachable) return;
    const name = random.pick(attackNames);
    const victim = random.pick(world.clinics);
    const isStolenName = name === "other key under a name";
    if (isStolenName && !this.streamsOf(victim.nodeId).some((id) => this.isBound(id))) return;
    const device = isStolenName
      ? this.createDevice(victim.nodeId, world.newKeyNumber())
      : this.device;
    const connection = new Connection({
      queue: world.queue,
      random: random.fork(),
      shape: world.drawLink(),
      onCutAtByte: () => undefined,
    });
    world.connections.add(connection);
    connection.near.listen({
      onBytes: () => undefined,
      onDrain: () => undefined,
      onEnd: () => undefined,
    });
    answer(world, device, connection);
    world.coverage.add(`attack: ${name}`);
    for (const bytes of this.script(name, device, victim)) connection.near.write(bytes);
    world.queue.after(random.between(100, 60_000), () => connection.near.destroy());
  }

  private createDevice(nodeId: string, keyNumber: number): Device {
    const { nowMs } = this.world.queue;
    const device = new Device({
      name: `hostile ${nodeId}`,
      nodeId,
      role: "clinic",
      crypto: this.world.hub.crypto,
      nowMs,
      diskMs: 1,
    });
    device.isHostile = true;
    device.keyNumber = keyNumber;
    return device;
  }

  private script(name: AttackName, device: Device, victim: Device): readonly Uint8Array[] {
    const { random } = this;
    const own: StreamId = { node: device.nodeId, epoch: 1 + random.below(3), lane: "" };
    const frames = (...list: readonly Frame[]): readonly Uint8Array[] =>
      list.map((frame) => encodeFrame(frame, { sender: device.nodeId, receiver: "hub" }));
    switch (name) {
      case "forged origin":
        return frames(
          this.hello(device),
          ...this.forgedStreams([...this.streamsOf(victim.nodeId), ...this.streamsOf("hub")]),
        );
      case "other key under a name":
        return frames(
          this.hello(device),
          ...this.forgedStreams(this.streamsOf(victim.nodeId).filter((id) => this.isBound(id))),
        );
      case "other chain":
        return frames(
          this.hello(device),
          { type: "stream", id: own },
          this.range(own, 0, { from: 1, count: 3 }),
          this.range(own, 0, { from: 1, count: 3 }),
          this.range(own, 0, { from: 4, count: 2, before: random.bytes(16) }),
          { ...this.range(own, 0, { from: 4, count: 2 }), chainAfter8: random.bytes(8) },
        );
      case "absurd numbers":
        return frames(
          this.hello(device, { wallMs: 2 ** 48 - 1 }),
          { type: "stream", id: own },
          this.absurd(own),
        );
      case "replayed frames":
        return [...frames(this.hello(device)), ...this.overheard];
      case "bomb":
        return this.bomb(device, own, frames);
      case "garbage":
        return [
          ...(random.chance(0.5) ? frames(this.hello(device)) : []),
          random.bytes(random.between(1, 5_000)),
        ];
      case "another's name":
        device.saidNames.add(victim.nodeId);
        return frames(
          this.hello(device, { nodeId: victim.nodeId }),
          ...this.forgedStreams(this.streamsOf(victim.nodeId)),
        );
      case "half a frame": {
        const [hello] = frames(this.hello(device));
        return hello === undefined ? [] : [hello.subarray(0, random.between(1, hello.length - 1))];
      }
      case "claims to be ahead":
        return this.claims(device, frames);
      case "streams without end":
        return frames(
          this.hello(device),
          ...Array.from(
            { length: 300 },
            (_, at): Frame => ({
              type: "stream",
              id: { ...own, epoch: 1000 + at, lane: `lane${at}` },
            }),
          ),
        );
      case "flood of questions":
        return frames(
          this.hello(device),
          ...Array.from(
            { length: 3_000 },
            (_, at): Frame =>
              at % 2 === 0
                ? { type: "ping", nonce: at }
                : { type: "chainsQuery", id: own, low: 0, high: 0 },
          ),
        );
    }
  }

  private hello(device: Device, changes: Partial<HelloFrame> = {}): HelloFrame {
    return {
      type: "hello",
      version: 1,
      versionOldest: 1,
      nodeId: device.nodeId,
      logId: this.random.bytes(16),
      wallMs: worldStartMs,
      codecs: 3,
      keepsOpen: false,
      isPingOnly: false,
      offersAll: this.random.chance(0.5),
      vector: { ordinal: 1, digest: vectorDigest(device.crypto, []) },
      entryCount: 0,
      ...changes,
    };
  }

  /** Streams of a node that the hub knows. */
  private streamsOf(nodeId: string): readonly StreamId[] {
    const log = this.world.hub.process?.log;
    const found: StreamId[] = [];
    for (let index = 0; log !== undefined && index < log.streamCount; index++) {
      const { id } = log.stream(index);
      if (id.node === nodeId) found.push(id);
    }
    return found.slice(0, 8);
  }

  private isBound(id: StreamId): boolean {
    return this.world.hub.process?.log.binding(id.node, id.epoch) !== undefined;
  }

  /** In others' streams: from the beginning, or as if they went on. */
  private forgedStreams(ids: readonly StreamId[]): readonly Frame[] {
    const log = this.world.hub.process?.log;
    const frames: Frame[] = [];
    for (const [number, id] of ids.entries()) {
      const index = log?.findStream(id);
      const head = index === undefined ? 0 : (log?.streamHead(index) ?? 0);
      const isNext = this.random.chance(0.6);
      const before = index === undefined || !isNext ? undefined : log?.chainAt(index, head);
      frames.push({ type: "stream", id });
      const count = this.random.between(1, 3);
      frames.push(this.range(id, number, { from: isNext ? head + 1 : 1, count, before }));
    }
    return frames;
  }

  private range(
    id: StreamId,
    number: number,
    input: {
      readonly from: number;
      readonly count: number;
      readonly before?: Uint8Array | undefined;
    },
  ) {
    const { crypto } = this.device;
    const events: EventContent[] = [];
    let chain = input.before ?? chainZero(crypto, id);
    const chainBefore8 = chain.slice(0, 8);
    const startMs = worldStartMs + this.world.queue.nowMs + 3_600_000;
    for (let at = 0; at < input.count; at++) {
      const event = {
        seq: input.from + at,
        hlc: { ms: Math.floor(startMs) + at, counter: 0 },
        type: 1,
        known: Uint8Array.of(0),
        payload: this.random.bytes(20),
      };
      events.push(event);
      chain = nextChain(crypto, chain, event);
    }
    const block = encodeRows(events);
    return {
      type: "range",
      stream: number,
      from: input.from,
      count: input.count,
      chainBefore8,
      chainAfter8: chain.slice(0, 8),
      codec: 0,
      rawBytes: block.length,
      block,
    } as const;
  }

  private absurd(own: StreamId): Frame {
    const huge = Number.MAX_SAFE_INTEGER;
    const chain = this.random.bytes(16);
    return this.random.pick<Frame>([
      this.range(own, 0, { from: huge - 2, count: 2 }),
      { type: "ack", entries: [{ stream: 7, seq: huge }] },
      { type: "refused", stream: 0, reason: "gap", seq: huge, head: huge, code: 999 },
      { type: "chainsQuery", id: own, low: 1, high: huge },
      { type: "lost", stream: 0, from: 1, to: huge, chain },
      { type: "floor", stream: 0, seq: huge, chain, byOrigin: true },
      { type: "prime", id: own, from: 1, to: huge, chain8: chain.subarray(0, 8) },
      { type: "bye", reason: "done", heldOrdinal: huge },
    ]);
  }

  private bomb(
    device: Device,
    own: StreamId,
    frames: (...list: readonly Frame[]) => readonly Uint8Array[],
  ): readonly Uint8Array[] {
    const { random } = this;
    if (random.chance(0.3)) {
      const endless = new ByteWriter(16);
      endless.varint(2 ** 31);
      endless.u8(0x05);
      return [...frames(this.hello(device)), endless.take(), random.bytes(2_000)];
    }
    const zeros = new Uint8Array(1 << 22);
    const block = nodeCompressor.compress(zeros, new Uint8Array(0), zstdFull);
    return frames(
      this.hello(device),
      { type: "stream", id: own },
      { ...this.range(own, 0, { from: 1, count: 64 }), codec: 1, rawBytes: 32_768, block },
    );
  }

  /** Of the lanes that the hub addressed to it, and of its own: more than anybody ever wrote. */
  private claims(
    device: Device,
    frames: (...list: readonly Frame[]) => readonly Uint8Array[],
  ): readonly Uint8Array[] {
    const epoch = this.world.hub.process?.log.ownEpoch ?? 1;
    const entries = ["", `to/${device.nodeId}`].map(
      (lane): VectorEntry => ({
        id: { node: "hub", epoch, lane },
        head: this.random.pick([5, 1_000, Number.MAX_SAFE_INTEGER - 1]),
        chain: this.random.bytes(8),
        holes: [],
      }),
    );
    const digest = vectorDigest(device.crypto, entries);
    const id = entries[1]?.id ?? { node: "hub", epoch, lane: "" };
    return frames(
      this.hello(device, { vector: { ordinal: 1, digest }, entryCount: entries.length }),
      { type: "vector", purpose: "hello", remaining: 0, entries },
      { type: "stream", id },
      this.range(id, 0, { from: 1, count: 2 }),
    );
  }
}
