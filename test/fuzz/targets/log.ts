/** What lies in a log's files, behind seal and CRC: in a plaintext log a CRC is all that stands before these. */
import { ByteReader } from "../../../src/core/bytes.ts";
import {
  decodeAliasFields,
  decodeCloseFields,
  decodeEventFields,
  decodeFragmentFields,
  decodeFragmentList,
  encodeAliasFields,
  encodeCloseFields,
  encodeEventFields,
  encodeFragmentFields,
  encodeFragmentList,
} from "../../../src/core/log/event-fields.ts";
import { decodeFileHeader, encodeFileHeader } from "../../../src/core/log/file-header.ts";
import { IdTable, idEntryBytes } from "../../../src/core/log/index/id-table.ts";
import { SegmentIndex } from "../../../src/core/log/index/segment-index.ts";
import { decodeKnown } from "../../../src/core/log/known.ts";
import { decodeManifest, encodeManifest } from "../../../src/core/log/manifest.ts";
import {
  decodeMarkFields,
  encodeMarkFields,
  type StoredMark,
} from "../../../src/core/log/mark-fields.ts";
import { decodePeerState, encodePeerState } from "../../../src/core/session/peer-state.ts";
import { decoderTarget, type FuzzTarget } from "../fuzz-target.ts";
import { sampleEntries, written } from "../samples.ts";

const chain = new Uint8Array(16).map((_, at) => at);
const hlc = { ms: 1_700_000_000_000, counter: 9 };
const stream = { node: "clinic_a", epoch: 77, lane: "to/hub" };
const entry = { hlc, chainBefore: chain, seq: 5, type: 2, ordinal: 9 };

const marks: readonly StoredMark[] = [
  { kind: "genesis", node: "clinic_a", epoch: 5 },
  { kind: "bind", node: "hub", epoch: 6, fingerprint: new Uint8Array(32).fill(3) },
  { kind: "newEpoch", epoch: 7, reason: "Z210", restartMs: undefined },
  { kind: "newEpoch", epoch: 7, reason: "Z210", restartMs: 1_700_000_000_000 },
  {
    kind: "rehome",
    rule: { oldAlias: 1, newAlias: 2, from: 3, beforeSegment: 4 },
    oldChain: chain,
    oldHlc: hlc,
    newHead: 8,
    newChain: chain,
    newHlc: hlc,
  },
  { kind: "lost", alias: 1, from: 2, to: 2 ** 40, chain },
  { kind: "floor", alias: 1, seq: 2, chain, byOrigin: true },
  { kind: "freeze", alias: 1, peer: "hub", peerHead: 9, peerChain: chain.slice(0, 8) },
  { kind: "dropPartial", alias: 1, seq: 2 },
  { kind: "trustedTime", ms: 1_700_000_000_000 },
  { kind: "alarm", id: "fork:1", code: "Z506", text: "two branches" },
  { kind: "alarmAck", id: "fork:1" },
  {
    kind: "damage",
    segment: 1,
    fromOffset: 64,
    toOffset: 4096,
    missing: [
      { alias: 1, from: 5, to: 9 },
      { alias: 2, from: 1, to: 1 },
    ],
  },
  { kind: "jump", alias: 1, to: 12, chain },
];

const mark = { ordinal: 3, digest: chain.slice(0, 8) };
const bare = {
  peerId: "hub",
  peerLogId: chain,
  confirmed: [],
  isClean: true,
  theirs: [],
  advanced: [],
  ours: [],
  oursHeld: undefined,
  codecs: 3,
  healthSent: undefined,
  completedMs: 0,
};

/** What a table holds, in an order that its slots have no part in. */
function sortedEntries(table: IdTable): readonly Uint8Array[] {
  const entries = table
    .pages()
    .flatMap((page) =>
      Array.from({ length: page.length / idEntryBytes }, (_, at) =>
        page.slice(at * idEntryBytes, (at + 1) * idEntryBytes),
      ),
    );
  return entries.sort((a, b) => Buffer.compare(a, b));
}

export const logTargets: readonly FuzzTarget[] = [
  decoderTarget({
    name: "event fields",
    decode: decodeEventFields,
    encode: (event) => written((out) => encodeEventFields(event, out)),
    samples: ["", "hub"].map((receivedFrom) =>
      written((out) =>
        encodeEventFields(
          {
            ...entry,
            receivedMs: 5,
            receivedFrom,
            known: Uint8Array.of(0),
            idempotency: receivedFrom === "" ? chain : new Uint8Array(0),
            body: Uint8Array.of(1, 2, 3),
          },
          out,
        ),
      ),
    ),
  }),

  decoderTarget({
    name: "fragment lists",
    decode: decodeFragmentList,
    encode: (list) => written((out) => encodeFragmentList(list, out)),
    samples: [
      written((out) =>
        encodeFragmentList(
          {
            payloadSize: 20_000,
            payloadSha256: new Uint8Array(32),
            places: [
              { segment: 1, offset: 64, sizeBytes: 16_384 },
              { segment: 3, offset: 900, sizeBytes: 3616 },
            ],
          },
          out,
        ),
      ),
    ],
  }),

  decoderTarget({
    name: "fragment fields",
    decode: decodeFragmentFields,
    encode: (fragment) => written((out) => encodeFragmentFields(fragment, out)),
    samples: [
      written((out) =>
        encodeFragmentFields({ ...entry, totalBytes: 90, at: 80, bytes: new Uint8Array(10) }, out),
      ),
    ],
  }),

  decoderTarget({
    name: "aliases",
    decode: decodeAliasFields,
    encode: (id) => written((out) => encodeAliasFields(id, out)),
    samples: [written((out) => encodeAliasFields(stream, out))],
  }),

  decoderTarget({
    name: "clean-close marks",
    decode: decodeCloseFields,
    encode: (close) => written((out) => encodeCloseFields(close, out)),
    samples: [
      written((out) =>
        encodeCloseFields(
          { changeOrdinal: 4, lastHlc: hlc, heads: [{ alias: 1, seq: 9, chain }] },
          out,
        ),
      ),
    ],
  }),

  decoderTarget({
    name: "marks",
    decode: decodeMarkFields,
    encode: (fields) => written((out) => encodeMarkFields(fields, out)),
    samples: marks.map((mark) =>
      written((out) => encodeMarkFields({ ordinal: 3, atMs: 1_700_000_000_000, mark }, out)),
    ),
  }),

  decoderTarget({
    name: "manifests",
    decode: decodeManifest,
    encode: encodeManifest,
    samples: [1, 3].map((count) =>
      encodeManifest({
        generation: 4,
        nodeId: "clinic_a",
        segments: Array.from({ length: count }, (_, i) => ({
          number: i + 1,
          generation: i,
          sizeBytes: 5000,
          salt: chain,
          keyId: chain.slice(0, 8),
        })),
      }),
    ),
  }),

  ...fileHeaderTargets(),
  decoderTarget({
    name: "sparse indexes",
    decode: (bytes) => {
      const reader = new ByteReader(bytes);
      const index = SegmentIndex.decode(reader);
      return reader.finished ? index : undefined;
    },
    encode: (index) => written((out) => index.encode(out)),
    samples: [written((out) => sampleIndex().encode(out))],
    // Blocks that are empty take a byte in the file, and twelve in memory.
    allocationBytesMax: (inputBytes) => 8192 + 200 * inputBytes,
  }),

  decoderTarget({
    name: "what an author knew",
    decode: decodeKnown,
    samples: [Uint8Array.of(0), knownOf(1), knownOf(3)],
  }),

  decoderTarget({
    name: "idempotency prefixes",
    // A table has no order of its own: it is what it holds.
    decode: (bytes) => {
      const reader = new ByteReader(bytes);
      const table = IdTable.decode(reader);
      return reader.finished ? sortedEntries(table) : undefined;
    },
    encode: (entries) =>
      written((out) => {
        out.varint(entries.length);
        for (const entry of entries) out.bytes(entry);
      }),
    samples: [written((out) => sampleIds().encode(out))],
  }),
  decoderTarget({
    name: "peer states",
    decode: decodePeerState,
    encode: encodePeerState,
    samples: [
      encodePeerState(bare),
      encodePeerState({
        ...bare,
        isClean: false,
        confirmed: [{ stream, seq: 9, chain }],
        theirs: [{ mark, entries: sampleEntries }],
        advanced: sampleEntries.slice(0, 1),
        ours: [{ mark, changeOrdinal: 12 }],
        oursHeld: mark,
        healthSent: {
          version: "0.1.0",
          diskFreeBytes: 2 ** 40,
          damagedCount: 1,
          quarantinedCount: 0,
          troubles: [],
          certDaysLeft: 300,
        },
        completedMs: 1_700_000_000_000,
      }),
    ],
  }),
];

function fileHeaderTargets(): readonly FuzzTarget[] {
  return (["segment", "manifest", "checkpoint", "index"] as const).map((kind) =>
    decoderTarget({
      name: `file headers of a ${kind}`,
      decode: (bytes) => {
        const header = decodeFileHeader(kind, bytes);
        return typeof header === "string" ? undefined : header;
      },
      encode: encodeFileHeader,
      samples: [
        encodeFileHeader({
          kind,
          isEncrypted: true,
          number: 1,
          generation: 2,
          logId: chain,
          salt: chain,
          keyId: chain.slice(0, 8),
          bodyBytes: 99,
        }),
      ],
    }),
  );
}

function sampleIndex(): SegmentIndex {
  const index = new SegmentIndex();
  let offset = 64;
  for (let seq = 1; seq <= 40; seq++) {
    index.addRecord(offset, seq);
    index.addEvent((seq % 3) + 1, Math.ceil(seq / 3), offset);
    offset += 9000;
  }
  return index;
}

/** Count, then node, epoch, lane and seq of each. */
function knownOf(count: number): Uint8Array {
  return written((out) => {
    out.varint(count);
    for (let i = 0; i < count; i++) {
      out.text("hub");
      out.u32(i);
      out.text("");
      out.varint(i * 1000 + 1);
    }
  });
}

function sampleIds(): IdTable {
  const table = new IdTable();
  for (let i = 0; i < 20; i++) table.add(new Uint8Array(16).fill(i * 7), 64 + i * 100);
  return table;
}
