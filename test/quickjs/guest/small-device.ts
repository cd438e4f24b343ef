/**
 * A clinic inside QuickJS: opens its log through the host's file port, pushes,
 * and holds one end of a session. The host calls the functions below.
 */
import { codecsSmall } from "../../../src/core/codec/codecs.ts";
import { openLog } from "../../../src/core/log/open.ts";
import type { Log } from "../../../src/core/log/api.ts";
import { createSession } from "../../../src/core/session/session.ts";
import { hostStore, nodeCompressor, nodeCrypto } from "./host.ts";
import { SessionPump } from "./session-pump.ts";

let log: Log | undefined;
let pump: SessionPump | undefined;
let summarise: () => unknown = () => undefined;

function opened(): Log {
  if (log === undefined) throw new Error("no log is open");
  return log;
}

function session(): SessionPump {
  if (pump === undefined) throw new Error("no session was started");
  return pump;
}

const device = {
  openDevice(nodeId: string, dataKey: ArrayBuffer, wallMs: number): string {
    const result = openLog({
      store: hostStore,
      crypto: nodeCrypto,
      nodeId,
      dataKey: new Uint8Array(dataKey),
      wallMs,
      buildTimeMs: wallMs,
      confirmed: [],
      readOnly: false,
    });
    log = result.log;
    return JSON.stringify({ recordCount: log.recordCount, lastOrdinal: log.lastOrdinal });
  },

  pushEvent(payload: ArrayBuffer, wallMs: number): number {
    let isDurable = false;
    const event = { lane: "", type: 1, payload: new Uint8Array(payload) };
    const [pushed] = opened().push([event], wallMs, (error) => {
      if (error !== undefined) throw error;
      isDurable = true;
    });
    if (!isDurable) throw new Error("a blocking disk makes durable at once");
    return pushed?.seq ?? 0;
  },

  readPayload(seq: number): ArrayBuffer | null {
    const [event] = opened().readStream(0, seq, { events: 1, bytes: 1 });
    return event === undefined ? null : (event.payload.slice().buffer as ArrayBuffer);
  },

  startSession(selfId: string, hubId: string, fingerprint: ArrayBuffer, nowMs: number): void {
    const created = createSession({
      options: {
        isInitiator: true,
        self: { nodeId: selfId, role: "clinic" },
        peer: { nodeId: hubId, role: "hub", keyFingerprint: new Uint8Array(fingerprint) },
        policy: "own",
        peerState: undefined,
        keepOpen: false,
        codecs: codecsSmall,
      },
      log: opened(),
      crypto: nodeCrypto,
      compressor: nodeCompressor,
      nowMs,
    });
    pump = new SessionPump(created, opened());
    summarise = () => created.summary();
    pump.feed({ kind: "start" }, nowMs);
  },

  feedSession(bytes: ArrayBuffer, nowMs: number): void {
    session().feed({ kind: "bytes", bytes: new Uint8Array(bytes).slice() }, nowMs);
  },

  endSession(nowMs: number): void {
    session().feed({ kind: "eof" }, nowMs);
  },

  nextFrame(nowMs: number): ArrayBuffer | null {
    const frame = session().next(nowMs);
    return frame === undefined ? null : (frame.slice().buffer as ArrayBuffer);
  },

  sessionState(): string {
    const { isClosed, reports, closedBy } = session();
    return JSON.stringify({
      isClosed,
      closedBy: closedBy?.code,
      reports: reports.map((report) => report.message),
      summary: summarise(),
    });
  },

  closeDevice(): void {
    opened().close();
  },
};

Object.assign(globalThis, device);
