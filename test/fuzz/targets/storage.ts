/** Files beside the log, and what comes over the local socket. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ByteWriter } from "../../../src/core/bytes.ts";
import type { NodeApi } from "../../../src/engine/api.ts";
import { decodePeerRecord, encodePeerRecord } from "../../../src/engine/peer-record.ts";
import { createHandlers, type OwnedNode } from "../../../src/engine/socket-service.ts";
import { ticketRecordSize } from "../../../src/network/ticket-record.ts";
import { createTicketStore } from "../../../src/network/ticket-store.ts";
import { LineSplitter, parseObject } from "../../../src/storage/json-lines.ts";
import { errorFromJson } from "../../../src/storage/local-rpc.ts";
import { nodeCrypto } from "../../../src/storage/node-crypto.ts";
import { openSidecar, sealSidecar } from "../../../src/storage/sidecar.ts";
import { SnapshotReader, snapshotVersion } from "../../../src/storage/snapshot-file.ts";
import { codeOf, codeOfAsync, decoderTarget, type FuzzTarget, refused } from "../fuzz-target.ts";

const scratch = mkdtempSync(join(tmpdir(), "zf-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

const seal = { directory: "peers", dataKey: new Uint8Array(32).fill(9), crypto: nodeCrypto };
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

const confirmations = [
  {
    atMs: 5,
    logId: new Uint8Array(16).fill(3),
    heads: [{ stream: { node: "clinic_a", epoch: 7, lane: "" }, seq: 9 }],
  },
];
const record = {
  peerId: "hub",
  role: "hub",
  address: "192.0.2.1:7700",
  lastSyncMs: 1_700_000_000_000,
  result: "done",
  policy: "own",
  state: undefined,
} as const;

/** The header's body with everything around it right. */
function snapshotOf(body: Uint8Array): Uint8Array {
  const out = new ByteWriter();
  out.u32(0x5a534e50);
  out.u16(snapshotVersion);
  out.u16(0);
  out.u32(12 + body.length + 32);
  out.bytes(body);
  out.bytes(nodeCrypto.sha256(out.view()));
  return out.take();
}

function readSnapshot(bytes: Uint8Array): void {
  const path = join(scratch, "snapshot");
  writeFileSync(path, bytes);
  const reader = new SnapshotReader(path);
  try {
    for (const { name } of reader.header.entries) reader.read(name, 1024);
  } finally {
    reader.close();
  }
}

const snapshotBody = ((): Uint8Array => {
  const out = new ByteWriter();
  out.u48(1_700_000_000_000);
  out.bytes(new Uint8Array(16));
  out.text("clinic_a");
  out.varint(1);
  out.text("node.json");
  out.varint(0);
  out.bytes(nodeCrypto.sha256(new Uint8Array(0)));
  return out.take();
})();

/** Answers everything with nothing: only how the request is read counts. */
const deafNode = new Proxy({ dataDir: scratch } as OwnedNode, {
  get: (target, name: keyof NodeApi | "dataDir") =>
    name === "dataDir" ? target.dataDir : async () => (name === "arrivals" ? { events: [] } : []),
});
const handlers = createHandlers(deafNode);
/** These reach for files. */
const callNames = Object.keys(handlers.calls).filter(
  (name) => name !== "sign" && name !== "revoke",
);

const callSamples = [
  '{"events":[{"payload":"e30=","type":1,"lane":"urgent","id":"a"}]}',
  '{"since":"00000000-1","node":"clinic_a","type":1,"limit":5,"order":"hlc"}',
  '{"hub":"h:1","hubId":"hub","count":3,"timeoutMs":5,"graceMs":0,"id":"x","out":"/x"}',
  '{"beforeMs":5,"olderThanMs":6,"minKeep":1,"dryRun":true}',
];

const ticketFolder = join(scratch, "tickets");
const fingerprints = { certificateFingerprint: "a", authorityFingerprint: "b" };
const tickets = createTicketStore(ticketFolder, fingerprints);
const hubAddress = "hub:7700";
const ticketSample = JSON.stringify({
  version: 1,
  address: hubAddress,
  generation: "b a",
  nodeId: "hub",
  role: "hub",
  keyFingerprint: "00".repeat(32),
  notAfterMs: 5,
  session: "AQID",
});

export const storageTargets: readonly FuzzTarget[] = [
  {
    name: "sealed sidecars",
    samples: [sealSidecar(seal, "hub", Uint8Array.of(1, 2, 3))],
    run: (bytes) => codeOf(() => void openSidecar(seal, "hub", bytes)),
  },
  decoderTarget({
    name: "peer records",
    decode: decodePeerRecord,
    encode: encodePeerRecord,
    samples: [
      encodePeerRecord(record),
      encodePeerRecord({ ...record, role: "clinic", policy: "all", confirmations }),
    ],
  }),
  {
    name: "snapshot files",
    samples: [snapshotOf(snapshotBody)],
    run: (bytes) => codeOf(() => void readSnapshot(bytes)),
  },
  {
    name: "snapshot headers",
    samples: [snapshotBody],
    run: (body) => codeOf(() => void readSnapshot(snapshotOf(body))),
  },
  {
    name: "stored tickets",
    samples: [utf8(ticketSample), utf8("null"), utf8('{"version":2}')],
    run: (bytes) => {
      mkdirSync(ticketFolder, { recursive: true });
      const name = Buffer.from(nodeCrypto.sha256(utf8(hubAddress)))
        .toString("hex")
        .slice(0, 32);
      writeFileSync(join(ticketFolder, name), bytes);
      const ticket = tickets.load(hubAddress);
      if (ticket === undefined) return refused;
      assert.equal(ticket.peer.keyFingerprint.length, 32);
      return "accepted";
    },
  },
  {
    name: "ticket sizes",
    samples: [Uint8Array.of(0x30, 0x0b, 2, 1, 1, 0xaa, 6, 4, 4, 1, 2, 3, 4)],
    run: (bytes) => {
      const size = ticketRecordSize(bytes);
      assert.ok(size >= 0 && size < bytes.length + 100, `${size}`);
      return size === 0 ? refused : "accepted";
    },
  },
  {
    name: "socket lines",
    samples: [utf8('{"zamsync":1}\n{"id":1,"result":null}\n'), utf8('{"a":"\u00e9"}\n[1]\n')],
    run: (bytes) => {
      const lines = splitLines([bytes]);
      assert.deepEqual(splitLines([...bytes].map((byte) => Uint8Array.of(byte))), lines);
      if (lines === "too long") return lines;
      const objects = lines.map(parseObject);
      for (const object of objects)
        if (object !== undefined) codeOf(() => errorFromJson(object.error).code);
      return objects.every((object) => object !== undefined) ? "accepted" : refused;
    },
  },
  {
    name: "socket calls",
    samples: callNames.flatMap((_, at) =>
      callSamples.map((json) => Uint8Array.of(at, ...utf8(json))),
    ),
    run: async (bytes) => {
      const name = callNames[(bytes[0] ?? 0) % callNames.length] ?? "status";
      const params = parseObject(textOf(bytes.subarray(1)));
      const call = handlers.calls[name];
      if (params === undefined || call === undefined) return refused;
      const { signal } = new AbortController();
      return `${name} ${await codeOfAsync(async () => void (await call(params, signal)))}`;
    },
  },
];

function splitLines(parts: readonly Uint8Array[]): readonly string[] | "too long" {
  const splitter = new LineSplitter(64);
  const lines: string[] = [];
  for (const part of parts) {
    const found = splitter.feed(Buffer.from(part));
    if (found === "too long") return found;
    lines.push(...found);
  }
  return lines;
}
