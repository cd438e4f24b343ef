/** The hex examples of docs/format-log.md decode to what the page says, and encode back to the same bytes. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { ByteReader, ByteWriter, bytesToHex, hexToBytes } from "../bytes.ts";
import { chainZero, hashIdempotencyKey, nextChain, rehomeEpoch } from "./chain.ts";
import {
  decodeAliasFields,
  decodeCloseFields,
  decodeDroppedPayload,
  decodeEventFields,
  decodeFragmentFields,
  decodeFragmentList,
  encodeAliasFields,
  encodeCloseFields,
  encodeDroppedPayload,
  encodeEventFields,
  encodeFragmentFields,
  encodeFragmentList,
} from "./event-fields.ts";
import { decodeFileHeader, encodeFileHeader, keyFit } from "./file-header.ts";
import { offsetsInPage } from "./index/id-table.ts";
import { SegmentIndex } from "./index/segment-index.ts";
import { decodeKnown, encodeKnown } from "./known.ts";
import { decodeManifest, encodeManifest } from "./manifest.ts";
import { decodeMarkFields, encodeMarkFields } from "./mark-fields.ts";
import { newRecordHeader, SegmentCipher } from "./segment-cipher.ts";

const page = readFileSync(new URL("../../../docs/format-log.md", import.meta.url), "utf8");
const examples = new Map<string, Uint8Array>();
for (const [, name, body] of page.matchAll(/```hex ([\w-]+)\n([0-9a-f\s]+)```/g)) {
  examples.set(name ?? "", hexToBytes((body ?? "").replace(/\s/g, "")) ?? new Uint8Array(0));
}
const tested = new Set<string>();

function example(name: string): Uint8Array {
  const bytes = examples.get(name);
  assert.ok(bytes !== undefined && bytes.length > 0, `the page has an example ${name}`);
  tested.add(name);
  return bytes;
}

function roundTrip<T>(
  name: string,
  decode: (bytes: Uint8Array) => T | undefined,
  encode: (value: T, out: ByteWriter) => void,
): T {
  const bytes = example(name);
  const value = decode(bytes);
  assert.ok(value !== undefined, `${name} decodes`);
  const out = new ByteWriter();
  encode(value, out);
  assert.equal(bytesToHex(out.view()), bytesToHex(bytes), name);
  for (
    let cut = 0;
    cut < bytes.length && name !== "event-fields" && name !== "fragment-fields";
    cut++
  ) {
    assert.equal(decode(bytes.slice(0, cut)), undefined, `${name} cut at ${cut}`);
  }
  return value;
}

const dataKey = new Uint8Array(32).fill(7);
const stream = { node: "clinic_a", epoch: 0x1234abcd, lane: "" };

function segmentHeader() {
  const header = decodeFileHeader("segment", example("segment-header"));
  assert.ok(typeof header !== "string");
  return header;
}

test("the file header decodes, and its key id fits the key", () => {
  const header = segmentHeader();
  assert.equal(header.number, 1);
  assert.equal(header.isEncrypted, true);
  assert.equal(keyFit({ crypto: nodeCrypto, dataKey }, header), "fits");
  assert.equal(keyFit({ crypto: nodeCrypto, dataKey: new Uint8Array(32) }, header), "wrongKey");
  assert.deepEqual(encodeFileHeader(header), example("segment-header"));
});

test("the records verify at their place, and nowhere else", () => {
  const { logId, salt } = segmentHeader();
  for (const [name, key] of [
    ["record-sealed", dataKey],
    ["record-plain", undefined],
  ] as const) {
    const bytes = example(name);
    const cipher = new SegmentCipher({ crypto: nodeCrypto, dataKey: key, logId, segment: 1, salt });
    const header = newRecordHeader();
    assert.ok(cipher.parseHeader(bytes, 0, 200, header));
    assert.deepEqual([header.kind, header.alias, header.back], [1, 1, 80]);
    assert.ok(cipher.checkBody(bytes, 0, header));
    assert.deepEqual(
      cipher.open(bytes, 0, header, { offset: 200, node: "clinic_a" }),
      example("event-fields"),
    );
    assert.equal(cipher.parseHeader(bytes, 0, 201, newRecordHeader()), false, "moved");
    if (key === undefined) continue;
    assert.equal(cipher.open(bytes, 0, header, { offset: 201, node: "clinic_a" }), undefined);
    assert.equal(cipher.open(bytes, 0, header, { offset: 200, node: "clinic_b" }), undefined);
    const other = new SegmentCipher({ crypto: nodeCrypto, dataKey: key, logId, segment: 2, salt });
    assert.equal(other.open(bytes, 0, header, { offset: 200, node: "clinic_a" }), undefined);
  }
});

test("the fields of events, fragments, aliases and closes decode", () => {
  const event = roundTrip("event-fields", decodeEventFields, encodeEventFields);
  assert.deepEqual([event.seq, event.type, event.ordinal, event.receivedFrom], [1, 5, 2, ""]);
  assert.equal(new TextDecoder().decode(event.body), '{"n":1}');
  const fragment = roundTrip("fragment-fields", decodeFragmentFields, encodeFragmentFields);
  assert.deepEqual([fragment.at, fragment.totalBytes], [16384, 20000]);
  const list = roundTrip("fragment-list", decodeFragmentList, encodeFragmentList);
  assert.deepEqual(list.places[1], { segment: 2, offset: 64, sizeBytes: 3616 });
  assert.equal(roundTrip("alias-fields", decodeAliasFields, encodeAliasFields).lane, "urgent");
  assert.equal(roundTrip("close-fields", decodeCloseFields, encodeCloseFields).heads[0]?.seq, 2);
  const known = roundTrip("known", decodeKnown, (value, out) => out.bytes(encodeKnown(value)));
  assert.deepEqual(known, [{ stream: { node: "hub", epoch: 1, lane: "" }, seq: 42 }]);
});

test("the chains, the re-homed epoch and the idempotency hash come out as written", () => {
  const fields = decodeEventFields(example("event-fields"));
  assert.ok(fields !== undefined);
  const first = chainZero(nodeCrypto, stream);
  assert.deepEqual(first, example("chain-0"));
  assert.deepEqual(fields.chainBefore, first);
  const next = nextChain(nodeCrypto, first, { ...fields, payload: fields.body });
  assert.deepEqual(next, example("chain-1"));
  const epoch = rehomeEpoch(nodeCrypto, stream, next).toString(16).padStart(8, "0");
  assert.equal(epoch, bytesToHex(example("rehome-epoch")));
  assert.deepEqual(hashIdempotencyKey(nodeCrypto, "visit-17"), example("idempotency"));
});

test("every kind of mark has an example that decodes", () => {
  let count = 0;
  for (const name of examples.keys()) {
    if (!name.startsWith("mark-")) continue;
    const fields = roundTrip(name, decodeMarkFields, encodeMarkFields);
    assert.equal(`mark-${fields.mark.kind}`, name);
    assert.equal(fields.ordinal, 4);
    count++;
  }
  assert.equal(count, 15);
});

test("what is left of a dropped event decodes", () => {
  const dropped = roundTrip("dropped-payload", decodeDroppedPayload, encodeDroppedPayload);
  assert.equal(dropped.payloadSize, 7);
});

test("the bodies of sidecars decode", () => {
  const manifest = roundTrip("manifest-body", decodeManifest, (value, out) =>
    out.bytes(encodeManifest(value)),
  );
  assert.deepEqual(
    manifest.segments.map(({ number, generation, sizeBytes }) => [number, generation, sizeBytes]),
    [
      [1, 0, 16777300],
      [2, 0, 0],
    ],
  );
  const index = SegmentIndex.decode(new ByteReader(example("segment-index")));
  assert.deepEqual(index?.find(1, 2), { alias: 1, firstSeq: 1, count: 2, offset: 150 });
  assert.deepEqual(index?.find(2, 9), { alias: 2, firstSeq: 9, count: 1, offset: 70000 });
  const out = new ByteWriter();
  index?.encode(out);
  assert.deepEqual(out.take(), example("segment-index"));
  assert.deepEqual(offsetsInPage(example("id-page"), example("idempotency")), [300]);
});

test("no example on the page is left untested", () => {
  assert.deepEqual(
    [...examples.keys()].filter((name) => !tested.has(name)),
    [],
  );
  assert.ok(examples.size > 25);
});
