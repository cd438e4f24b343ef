/**
 * A peer that has a genuine certificate and lies: TLS by hand, frames by the
 * codec's encoders or as raw bytes, and a record of everything that came back.
 */
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { connect } from "node:tls";
import type { TLSSocket } from "node:tls";
import { bytesToHex, textToUtf8 } from "../../src/core/bytes.ts";
import type { Hlc } from "../../src/core/clock/hlc.ts";
import { decodeFrame } from "../../src/core/codec/decode-frame.ts";
import { encodeFrame } from "../../src/core/codec/encode-frame.ts";
import { FrameReader } from "../../src/core/codec/frame-reader.ts";
import type { Ends, Frame, HelloFrame } from "../../src/core/codec/frame-types.ts";
import { encodeRows } from "../../src/core/codec/rows.ts";
import { vectorDigest } from "../../src/core/codec/vector-codec.ts";
import type { EventContent, StreamId } from "../../src/core/event.ts";
import { chainZero, nextChain } from "../../src/core/log/chain.ts";
import { nodeCrypto } from "../../src/storage/node-crypto.ts";
import { waitUntil } from "./harness.ts";

export interface HostilePeer {
  readonly socket: TLSSocket;
  /** Frames that the victim sent. */
  readonly frames: readonly Frame[];
  /** Everything that the victim sent inside TLS, as hex, to look for what must not be there. */
  readonly receivedHex: () => string;
  send(...frames: readonly Frame[]): void;
  sendRaw(bytes: Uint8Array): void;
  /** Waits for a frame of this type. */
  expect<T extends Frame["type"]>(type: T): Promise<Extract<Frame, { readonly type: T }>>;
  /** Waits until the victim has closed the connection. */
  closed(timeoutMs?: number): Promise<void>;
}

/** Connects with the certificate of a node, as that node would. */
export async function connectAs(
  dir: string,
  input: { readonly port: number; readonly nodeId: string; readonly hubId?: string },
): Promise<HostilePeer> {
  const file = (name: string) => readFileSync(join(dir, "tls", name));
  const socket = connect({
    host: "127.0.0.1",
    port: input.port,
    key: file("node.key"),
    cert: file("node.crt"),
    ca: file("ca.crt"),
    minVersion: "TLSv1.3",
    checkServerIdentity: () => undefined,
  });
  const hubId = input.hubId ?? "hub";
  const outgoing: Ends = { sender: input.nodeId, receiver: hubId };
  const incoming: Ends = { sender: hubId, receiver: input.nodeId };
  const reader = new FrameReader();
  const frames: Frame[] = [];
  let received = "";
  let isClosed = false;
  socket.on("data", (bytes: Buffer) => {
    received += bytesToHex(bytes);
    reader.append(bytes);
    for (let cut = reader.next(); cut.kind === "frame"; cut = reader.next()) {
      const frame = decodeFrame(cut.bytes.slice(), incoming);
      if (frame.type !== "problem") frames.push(frame);
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    isClosed = true;
  });
  await once(socket, "secureConnect");
  return {
    socket,
    frames,
    receivedHex: () => received,
    send(...sent) {
      for (const frame of sent) socket.write(encodeFrame(frame, outgoing));
    },
    sendRaw(bytes) {
      socket.write(bytes);
    },
    async expect(type) {
      const isWanted = (frame: Frame): frame is Extract<Frame, { readonly type: typeof type }> =>
        frame.type === type;
      await waitUntil(() => frames.some(isWanted) || isClosed, 10_000);
      const found = frames.find(isWanted);
      if (found === undefined)
        throw new Error(`no ${type} came, but ${frames.map((frame) => frame.type).join()}`);
      return found;
    },
    closed: (timeoutMs = 15_000) => waitUntil(() => isClosed, timeoutMs),
  };
}

/** A HELLO with an empty vector. */
export function helloOf(nodeId: string, extra: Partial<HelloFrame> = {}): HelloFrame {
  return {
    type: "hello",
    version: 1,
    versionOldest: 1,
    nodeId,
    logId: nodeCrypto.sha256(textToUtf8(nodeId)).slice(0, 16),
    wallMs: Date.now(),
    codecs: 1,
    keepsOpen: false,
    isPingOnly: false,
    offersAll: false,
    vector: { ordinal: 1, digest: vectorDigest(nodeCrypto, []) },
    entryCount: 0,
    ...extra,
  };
}

export interface ForgedEvent {
  readonly seq: number;
  readonly hlc?: Hlc;
  readonly payload?: string;
}

function contentOf(event: ForgedEvent, index: number): EventContent {
  return {
    seq: event.seq,
    hlc: event.hlc ?? { ms: Date.now() + index, counter: 0 },
    type: 0,
    known: Uint8Array.of(0),
    payload: textToUtf8(event.payload ?? `{"forged":${event.seq}}`),
  };
}

/**
 * STREAM and RANGE frames for events that follow one another. Chains are right
 * for a stream that begins with the first event, unless they are given.
 */
export function forgeRange(
  id: StreamId,
  forged: readonly ForgedEvent[],
  wrong: {
    readonly before8?: Uint8Array;
    readonly after8?: Uint8Array;
    readonly number?: number;
  } = {},
): readonly Frame[] {
  const events = forged.map(contentOf);
  const zero = chainZero(nodeCrypto, id);
  const last = events.reduce((chain, event) => nextChain(nodeCrypto, chain, event), zero);
  const rows = encodeRows(events);
  const stream: Frame = { type: "stream", id };
  const range: Frame = {
    type: "range",
    stream: wrong.number ?? 0,
    from: events[0]?.seq ?? 1,
    count: events.length,
    chainBefore8: wrong.before8 ?? zero.slice(0, 8),
    chainAfter8: wrong.after8 ?? last.slice(0, 8),
    codec: 0,
    rawBytes: rows.length,
    block: rows,
  };
  return [stream, range];
}
