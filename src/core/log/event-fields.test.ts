/** The sealed fields of records: what comes back, and the first value that is refused. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByteWriter } from "../bytes.ts";
import { knownBytesMax, payloadBytesMax } from "../event.ts";
import {
  type CloseFields,
  type EventFields,
  type FragmentFields,
  type FragmentList,
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
  fragmentPlacesMax,
} from "./event-fields.ts";

const hlc = { ms: 1_700_000_000_000, counter: 9 };
const chainBefore = Uint8Array.from({ length: 16 }, (_, i) => i);
const sha = new Uint8Array(32).fill(7);

function written(write: (out: ByteWriter) => void): Uint8Array {
  const out = new ByteWriter();
  write(out);
  return out.take();
}

/** Every shorter form of `bytes`, and one with a byte too many. */
function misshapen(bytes: Uint8Array): readonly Uint8Array[] {
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  return [...Array.from(bytes, (_, size) => bytes.subarray(0, size)), longer];
}

describe("an event's fields", () => {
  const event: EventFields = {
    hlc,
    chainBefore,
    seq: 5,
    type: 2,
    ordinal: 9,
    receivedMs: 1_700_000_000_001,
    receivedFrom: "hub",
    known: Uint8Array.of(0),
    idempotency: new Uint8Array(16).fill(3),
    body: Uint8Array.of(1, 2, 3),
  };
  const back = (changes: Partial<EventFields>): EventFields | undefined =>
    decodeEventFields(written((out) => encodeEventFields({ ...event, ...changes }, out)));

  test("come back, also with nothing where nothing may be", () => {
    const cases: Partial<EventFields>[] = [
      {},
      { receivedFrom: "" },
      { idempotency: new Uint8Array(0) },
      { known: new Uint8Array(knownBytesMax).fill(1) },
      { known: new Uint8Array(0) },
      { body: new Uint8Array(0) },
      { seq: Number.MAX_SAFE_INTEGER, ordinal: 2 ** 40, type: 0x7fffffff },
    ];
    for (const changes of cases) assert.deepEqual(back(changes), { ...event, ...changes });
  });

  test("are refused with seq 0, an id of any other size, too much known, or cut short", () => {
    assert.equal(back({ seq: 0 }), undefined);
    for (const size of [1, 15, 17])
      assert.equal(back({ idempotency: new Uint8Array(size) }), undefined);
    assert.equal(back({ known: new Uint8Array(knownBytesMax + 1) }), undefined);
    const bytes = written((out) => encodeEventFields({ ...event, body: new Uint8Array(0) }, out));
    for (let size = 0; size < bytes.length; size++) {
      assert.equal(decodeEventFields(bytes.subarray(0, size)), undefined, `${size} bytes`);
    }
  });
});

describe("a list of fragments", () => {
  const list: FragmentList = {
    payloadSize: 30,
    payloadSha256: sha,
    places: [
      { segment: 3, offset: 100, sizeBytes: 10 },
      { segment: 3, offset: 200, sizeBytes: 15 },
      { segment: 9, offset: 64, sizeBytes: 5 },
    ],
  };
  const back = (of: FragmentList): FragmentList | undefined =>
    decodeFragmentList(written((out) => encodeFragmentList(of, out)));
  const many = (count: number): FragmentList => ({
    payloadSize: count,
    payloadSha256: sha,
    places: Array.from({ length: count }, (_, i) => ({ segment: 1, offset: i, sizeBytes: 1 })),
  });

  test("comes back, up to as many places as fit into a record", () => {
    assert.deepEqual(back(list), list);
    assert.deepEqual(back(many(fragmentPlacesMax)), many(fragmentPlacesMax));
    assert.equal(back(many(fragmentPlacesMax + 1)), undefined);
  });

  test("is refused unless its pieces make up the payload, which is no larger than one may be", () => {
    assert.equal(back({ ...list, payloadSize: 31 }), undefined);
    const whole = (sizeBytes: number): FragmentList => ({
      payloadSize: sizeBytes,
      payloadSha256: sha,
      places: [{ segment: 1, offset: 0, sizeBytes }],
    });
    assert.notEqual(back(whole(payloadBytesMax)), undefined);
    assert.equal(back(whole(payloadBytesMax + 1)), undefined);
    for (const bytes of misshapen(written((out) => encodeFragmentList(list, out)))) {
      assert.equal(decodeFragmentList(bytes), undefined, `${bytes.length} bytes`);
    }
  });
});

describe("a fragment's fields", () => {
  const fragment: FragmentFields = {
    hlc,
    chainBefore,
    seq: 5,
    type: 2,
    ordinal: 9,
    totalBytes: 100,
    at: 97,
    bytes: Uint8Array.of(1, 2, 3),
  };
  const back = (changes: Partial<FragmentFields>): FragmentFields | undefined =>
    decodeFragmentFields(written((out) => encodeFragmentFields({ ...fragment, ...changes }, out)));

  test("come back when the piece lies within the payload", () => {
    assert.deepEqual(back({}), fragment);
    assert.notEqual(back({ totalBytes: payloadBytesMax }), undefined);
    assert.equal(back({ totalBytes: payloadBytesMax + 1 }), undefined);
    assert.equal(back({ at: 98 }), undefined);
    assert.equal(back({ seq: 0 }), undefined);
    const bytes = written((out) =>
      encodeFragmentFields({ ...fragment, bytes: sha.subarray(0, 0) }, out),
    );
    for (let size = 0; size < bytes.length; size++) {
      assert.equal(decodeFragmentFields(bytes.subarray(0, size)), undefined, `${size} bytes`);
    }
  });
});

describe("other fields", () => {
  test("of a dropped payload come back whole or not at all", () => {
    const dropped = { droppedMs: 1_700_000_000_000, payloadSize: 5, payloadSha256: sha };
    const bytes = written((out) => encodeDroppedPayload(dropped, out));
    assert.deepEqual(decodeDroppedPayload(bytes), dropped);
    for (const other of misshapen(bytes)) assert.equal(decodeDroppedPayload(other), undefined);
  });

  test("of an alias name a stream that can exist", () => {
    const stream = { node: "clinic_a", epoch: 0xffffffff, lane: "to/hub" };
    const bytes = written((out) => encodeAliasFields(stream, out));
    assert.deepEqual(decodeAliasFields(bytes), stream);
    for (const other of misshapen(bytes)) assert.equal(decodeAliasFields(other), undefined);
    for (const wrong of [{ node: "Not A Node" }, { lane: "to/" }]) {
      const named = written((out) => encodeAliasFields({ ...stream, ...wrong }, out));
      assert.equal(decodeAliasFields(named), undefined, JSON.stringify(wrong));
    }
  });

  test("of a clean close hold up to 1,024 heads", () => {
    const close = (count: number): CloseFields => ({
      changeOrdinal: 77,
      lastHlc: hlc,
      heads: Array.from({ length: count }, (_, i) => ({
        alias: i,
        seq: i + 1,
        chain: chainBefore,
      })),
    });
    const encode = (fields: CloseFields) => written((out) => encodeCloseFields(fields, out));
    for (const count of [0, 1, 1024]) {
      assert.deepEqual(decodeCloseFields(encode(close(count))), close(count));
    }
    assert.deepEqual(decodeCloseFields(encode(close(1025))), close(1024), "the rest is left out");
    for (const bytes of misshapen(encode(close(2)))) {
      assert.equal(decodeCloseFields(bytes), undefined, `${bytes.length} bytes`);
    }
    const claimed = written((out) => {
      out.varint(77);
      out.u48(hlc.ms);
      out.u16(hlc.counter);
      out.varint(1025);
      for (let i = 0; i < 1025 * 18; i++) out.u8(1);
    });
    assert.equal(decodeCloseFields(claimed), undefined, "a count above the limit");
  });
});
