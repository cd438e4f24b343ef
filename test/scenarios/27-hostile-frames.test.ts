/**
 * SCENARIOS 27: hostile frames.
 *
 * A peer with a genuine certificate sends lengths that lie, bombs, a vector of a million
 * lines, and floods that never stop and never read. Each is closed with a code that the hub's
 * log names; the hub's memory, as the system counts it, stays within its limit; and another
 * clinic, which syncs all the while, needs one attempt each time.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { test } from "node:test";
import { ByteWriter } from "../../src/core/bytes.ts";
import { batchRawBytesMax } from "../../src/core/codec/wire-limits.ts";
import type { Frame } from "../../src/core/codec/frame-types.ts";
import { connectAs, forgeRange, helloOf } from "./hostile-peer.ts";
import type { HostilePeer } from "./hostile-peer.ts";
import { digest, makeFleet, numbered, pushAll, serveHub, statusOf, syncOk } from "./harness.ts";

/** What all of them together may add to the most that the hub ever had resident. */
const memoryMiBMax = 64;

/** The most memory that a process ever had resident, in MiB. */
function peakMiB(pid: number): number {
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return match === null ? Number.NaN : Number(match[1]) / 1024;
}

function varint(value: number): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(value);
  return writer.take();
}

/**
 * A zstd frame (RFC 8878, without its magic) of repeat blocks: 4 bytes become 128 KiB, so 60,000
 * bytes inflate to 2 GiB, which is as far as the format goes. Its header says `declaredBytes`.
 */
function bomb(declaredBytes: bigint | undefined): Buffer {
  const blockBytes = 128 * 1024;
  const header = Buffer.from([declaredBytes === undefined ? 0x00 : 0xc0, 0x40]);
  const size = Buffer.alloc(declaredBytes === undefined ? 0 : 8);
  if (declaredBytes !== undefined) size.writeBigUInt64LE(declaredBytes);
  const block = Buffer.alloc(4);
  block.writeUIntLE((blockBytes << 3) | (1 << 1), 0, 3);
  return Buffer.concat([header, size, ...Array<Buffer>(15_000).fill(block)]);
}

function bombRange(epoch: number, block: Buffer): readonly Frame[] {
  return forgeRange({ node: "clinic_a", epoch, lane: "bomb" }, [{ seq: 1 }]).map((frame) =>
    frame.type === "range" ? { ...frame, codec: 1, rawBytes: batchRawBytesMax, block } : frame,
  );
}

/** Writes without end, until the hub has closed. */
async function pour(socket: Socket, bytes: Uint8Array): Promise<void> {
  const isClosed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  let isOver = false;
  void isClosed.then(() => {
    isOver = true;
  });
  let writtenBytes = 0;
  while (!isOver && writtenBytes < 64 * 1024 * 1024) {
    writtenBytes += bytes.length;
    if (socket.write(bytes)) continue;
    const drained = new Promise((resolve) => socket.once("drain", resolve));
    await Promise.race([isClosed, drained]);
  }
  assert.ok(isOver, `the hub took ${writtenBytes} bytes and did not close`);
}

/** The same without reading: nothing that came is taken from the system any more. */
async function flood({ socket }: HostilePeer, bytes: Uint8Array): Promise<void> {
  socket.pause();
  await pour(socket, bytes);
}

const repeat = (bytes: Uint8Array, count: number): Buffer =>
  Buffer.concat(Array<Uint8Array>(count).fill(bytes));

/** Each does its worst on a connection that has said HELLO; the hub must close it. */
const attacks: Readonly<
  Record<string, (liar: HostilePeer, epoch: number) => Promise<void> | void>
> = {
  "a frame of length 0": (liar) => liar.sendRaw(Uint8Array.of(0)),
  "a frame of 2^32-1 bytes, of which one comes": (liar) => {
    liar.sendRaw(varint(2 ** 32 - 1));
    liar.sendRaw(Uint8Array.of(5));
  },
  "a frame of 64 MiB, of which one byte comes": (liar) => {
    liar.sendRaw(varint(64 * 1024 * 1024));
    liar.sendRaw(Uint8Array.of(5));
  },
  "a length without end": (liar) => liar.sendRaw(new Uint8Array(64).fill(0xff)),
  "a bomb that says it is 10 GiB": (liar, epoch) =>
    liar.send(...bombRange(epoch, bomb(10n * 1024n ** 3n))),
  "a bomb that does not say": (liar, epoch) => liar.send(...bombRange(epoch, bomb(undefined))),
  "rows of 2^40 bytes": (liar, epoch) =>
    liar.send(
      ...forgeRange({ node: "clinic_a", epoch, lane: "" }, [{ seq: 6 }]).map((frame) =>
        frame.type === "range" ? { ...frame, rawBytes: 2 ** 40 } : frame,
      ),
    ),
  "an event of 2^50 bytes": (liar, epoch) =>
    liar.send({ type: "stream", id: { node: "clinic_a", epoch, lane: "huge" } }, {
      ...{ type: "fragment", stream: 0, seq: 1, hlc: { ms: Date.now(), counter: 0 } },
      ...{ eventType: 0, known: Uint8Array.of(0), totalBytes: 2 ** 50, offset: 0 },
      ...{ chainBefore8: new Uint8Array(8), chainAfter8: new Uint8Array(8), codec: 0 },
      ...{ rawBytes: 3, block: Uint8Array.of(1, 2, 3) },
    } as Frame),
  "pings without end": (liar) => flood(liar, repeat(Uint8Array.of(2, 0x10, 1), 20_000)),
  "DONE without end": (liar) => flood(liar, repeat(Uint8Array.of(2, 0x0f, 0), 20_000)),
  "one frame without end": (liar) =>
    flood(liar, Buffer.concat([varint(65_536), Buffer.alloc(65_536, 5)])),
};

test("hostile frames cost their sender the connection, and nobody else anything", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const a = fleet.clinic("clinic_a");
  const b = fleet.clinic("clinic_b");
  const hub = await serveHub(t, fleet.hub);
  const pid = hub.child.pid ?? 0;
  for (const dir of [a, b]) {
    await pushAll(dir, numbered(5));
    await syncOk(dir, hub.address);
  }
  const epoch = Number.parseInt((await statusOf(a)).epoch, 16);
  const before = peakMiB(pid);
  let attempts = 0;
  let syncs = 0;
  const endedBadly = () =>
    hub.sessions().filter(({ peer, error }) => peer === "clinic_a" && error !== undefined);
  for (const [name, attack] of Object.entries(attacks)) {
    const known = endedBadly().length;
    const liar = await connectAs(a, { port: hub.port, nodeId: "clinic_a" });
    liar.send(helloOf("clinic_a"));
    await liar.expect("hello");
    await pushAll(b, numbered(1, name));
    const neighbour = syncOk(b, hub.address);
    await attack(liar, epoch);
    await liar.closed();
    await hub.until(() => endedBadly().length > known);
    assert.match(endedBadly().at(-1)?.error?.code ?? "", /^Z5/, name);
    attempts += (await neighbour).attempts;
    syncs++;
  }
  await millionLines(a, hub.port);
  await garbageBeforeTls(hub.port);
  assert.equal(attempts, syncs, "the neighbour noticed something");
  const grown = peakMiB(pid) - before;
  t.diagnostic(`the hub's peak rose by ${grown.toFixed(1)} MiB from ${before.toFixed(1)} MiB`);
  assert.ok(grown < memoryMiBMax, `${grown} MiB`);

  await pushAll(a, numbered(3, "genuine"));
  await syncOk(a, hub.address);
  assert.equal((await digest(fleet.hub)).length, 13 + syncs);
  await hub.stop();
});

/** A vector of a million lines: announced, and then sent as far as anybody takes it. */
async function millionLines(dir: string, port: number): Promise<void> {
  const lines = 1_000_000;
  const liar = await connectAs(dir, { port, nodeId: "clinic_a" });
  liar.send(helloOf("clinic_a", { entryCount: lines }));
  const chain = new Uint8Array(16).fill(3);
  for (let sent = 0; sent < 4_000 && !liar.socket.destroyed; sent += 100) {
    const entries = Array.from({ length: 100 }, (_, index) => ({
      ...{ id: { node: "clinic_a", epoch: sent + index, lane: "" }, head: 1 },
      ...{ chain, holes: [], lost: [] },
    }));
    liar.send({ type: "vector", purpose: "hello", remaining: lines - sent - 100, entries });
  }
  await liar.closed();
  assert.equal((await liar.expect("error")).code, 504);
}

/** Megabytes that are no TLS. */
async function garbageBeforeTls(port: number): Promise<void> {
  const socket = connectTcp(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await pour(socket, Buffer.alloc(256 * 1024, "GET / HTTP/1.1\r\n"));
}
