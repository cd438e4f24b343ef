/** Payloads for tests of the codecs: records as clinics write them, and everything that is none. */
import { textToUtf8 } from "../bytes.ts";
import type { SeededRandom } from "../../testing/seeded-random.ts";

function hex(random: SeededRandom, count: number): string {
  let text = "";
  for (let i = 0; i < count; i++) text += random.below(16).toString(16);
  return text;
}

function uuid(random: SeededRandom): string {
  return `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 12)}`;
}

function time(random: SeededRandom): string {
  return new Date(1_760_000_000_000 + random.below(1e9) * 1000 + random.below(1000)).toISOString();
}

/** A record of one of three shapes. */
export function drawDocument(random: SeededRandom): Uint8Array {
  const drug = random.pick([
    ["Paracetamol 500 mg", "1 tab TDS"],
    ["Amoxicillin 500 mg", "1 cap TDS"],
    ["ORS sachet", "1 L after each loose stool"],
  ]);
  const head = { event: "visit", patient_id: `BT-${random.between(1000, 1040)}`, by: "HA-03" };
  const body = random.pick([
    { temp_c: random.between(355, 400) / 10, rx: [{ drug: drug[0], dose: drug[1] }] },
    { weight_kg: random.between(30, 900) / 10, note: "no new complaint; return if worse" },
    { lab: "Hb", value: random.between(60, 160) / 10, unit: "g/dL", flag: random.pick(["", "L"]) },
  ]);
  return textToUtf8(JSON.stringify({ ...head, ...body }));
}

const texts = [
  "",
  "x",
  "not JSON at all, just a line of text",
  "{",
  "{}",
  "[]",
  "[[],{}]",
  '{"a":1,"a":1,"a":2}',
  '{ "a" : 1 ,\n\t"b" : [ 1 , 2 ] }\n',
  '{"n":[0,-0,0.0,-0.50,1e5,1E-7,123456789012345,1234567890123456789,0.1234567890123456,-1.5,100,1.10]}',
  '{"n":[007,1.,.5,+1,0x10,NaN,Infinity,--1,1-2]}',
  '{"t":["2024-02-29","2023-02-29","0000-01-01","9999-12-31","2026-13-01","1969-12-31"]}',
  '{"t":["2026-01-05T02:36:36.615Z","2026-01-05T02:36:36Z","2026-01-05T02:36:36+06:00","2026-01-05T25:00:00Z","2026-01-05T02:36:36.61Z","1969-12-31T23:59:59.999Z"]}',
  '{"u":["5C3274AE-d74a-418f-903c-6d5740a6b3aa","00000000-0000-0000-0000-000000000000","Patient/5c3274ae-d74a-418f-903c-6d5740a6b3aa","x5c3274ae-d74a-418f-903c-6d5740a6b3ab","9/5c3274ae-d74a-118f-103c-6d5740a6b3aa"]}',
  '{"s":"a \\"quoted\\" \\\\ back\\u0041slash\\n","é":"dzongkha རྫོང་ཁ"}',
  '{"open":"no end',
  '{"open":"ends in a backslash\\',
  '{"a":tru,"b":nul}',
  '{"a" "b" 1 2 "c"}',
  '{"a":"b"}trailing',
  '{"":""}',
];

/** Anything: records, texts that are nearly JSON, long ones, arbitrary bytes. */
export function drawPayload(random: SeededRandom): Uint8Array {
  const kind = random.below(10);
  if (kind < 3) return drawDocument(random);
  if (kind < 6) return textToUtf8(random.pick(texts));
  if (kind === 6) {
    const record = {
      id: uuid(random),
      at: time(random),
      ref: `Patient/${uuid(random)}`,
      list: Array.from({ length: random.below(6) }, () => random.below(1000) / 100),
    };
    return textToUtf8(JSON.stringify(record, undefined, random.below(3)));
  }
  if (kind === 7) return broken(textToUtf8(random.pick(texts)), random);
  if (kind === 8) return random.bytes(random.below(300));
  const many = Array.from({ length: random.between(1, 400) }, (_, i) => ({ [`k${i % 9}`]: i }));
  return textToUtf8(JSON.stringify(many));
}

/** With some bytes changed: control characters, invalid UTF-8, quotes in odd places. */
function broken(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const out = bytes.slice();
  for (let i = 0; i < 3 && out.length > 0; i++)
    out[random.below(out.length)] = random.pick([0, 1, 7, 0x22, 0x5c, 0x7f, 0xc3, 0xff]);
  return out;
}
