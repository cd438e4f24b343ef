/**
 * Files that a hub's operator writes: schemas, which are then put to payloads, and mappings, which
 * then make a table. An input either is the file's text, or chooses the pieces of one that is nearly
 * right, so that most get past the JSON.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toMapping } from "../../../src/hub/projection/index.ts";
import { columnTypes, readMapping } from "../../../src/hub/projection/mapping.ts";
import { event } from "../../../src/hub/projection/projection.test-kit.ts";
import { RowMaker } from "../../../src/hub/projection/row.ts";
import { openSqlite } from "../../../src/hub/projection/sqlite-database.ts";
import { migrate } from "../../../src/hub/projection/table.ts";
import { readSchema } from "../../../src/hub/schema/index.ts";
import { codeOf, codeOfAsync, type FuzzTarget } from "../fuzz-target.ts";
import { Program } from "../program.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const folder = mkdtempSync(join(tmpdir(), "zamsync-fuzz-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "input.json");
const tablePath = join(folder, "table.sqlite");

/** The file's text: what follows a first byte of 0 to 127, or what the bytes behind another one choose. */
function textOf(input: Uint8Array, choose: (program: Program) => unknown): Uint8Array {
  const isText = (input[0] ?? 0) < 0x80;
  const rest = input.subarray(1);
  return isText ? rest : utf8(JSON.stringify(choose(new Program(rest))));
}

const words = ["id", "name", "n", "__proto__", "constructor", "a/b", "", "\u0000", "\ud800"];
const patterns = [
  "^[A-Z]{2}$",
  "(a+)+$",
  "(a|a)*b",
  "^\\d{1,900}$",
  "[",
  "\\p{L}",
  "(?=a)b",
  "x{99}",
];
const formats = ["date", "date-time", "uuid", "email", "uri", "regex", "ipv6", "no-such"];
const types = ["object", "array", "string", "number", "integer", "boolean", "null", "any"];
const depthMax = 6;

function schemaOf(program: Program, depth = 0): unknown {
  if (depth > depthMax || program.isOver) return program.pick([true, false, {}]);
  const inner = (): unknown => schemaOf(program, depth + 1);
  const schema: Record<string, unknown> = {};
  for (let count = 1 + program.below(4); count > 0; count--) {
    switch (program.below(18)) {
      case 0:
        schema.type = program.pick(types);
        break;
      case 1:
        schema.type = [program.pick(types), program.pick(types)];
        break;
      case 2:
        schema.properties = { [program.pick(words)]: inner(), [program.pick(words)]: inner() };
        break;
      case 3:
        schema.required = [program.pick(words), program.pick(words)];
        break;
      case 4:
        schema.pattern = program.pick(patterns);
        break;
      case 5:
        schema.patternProperties = { [program.pick(patterns)]: inner() };
        break;
      case 6:
        schema.format = program.pick(formats);
        break;
      case 7:
        schema.items = inner();
        break;
      case 8:
        schema.prefixItems = [inner(), inner()];
        break;
      case 9:
        schema.uniqueItems = true;
        if (program.below(2) === 1) schema.maxItems = program.pick([10, 1000, 1001, -1, 0.5]);
        break;
      case 10:
        schema[program.pick(["anyOf", "oneOf", "allOf"])] = [inner(), inner()];
        break;
      case 11:
        schema.not = inner();
        break;
      case 12:
        schema.$ref = program.pick([
          "#",
          "#/$defs/x",
          "#/$defs/y",
          "http://h.example/s",
          "file:///x",
        ]);
        schema.$defs = { x: inner() };
        break;
      case 13:
        schema.$schema = program.pick([
          "http://json-schema.org/draft-07/schema#",
          "https://json-schema.org/draft/2020-12/schema",
          "draft-03",
        ]);
        break;
      case 14:
        schema.additionalProperties = inner();
        break;
      case 15:
        schema[program.pick(["minimum", "multipleOf", "maxLength"])] = program.pick([
          0, 1, -1, 1e308,
        ]);
        break;
      case 16:
        schema[program.pick(["const", "enum", "if", "default"])] = program.pick([
          [1],
          {},
          "id",
          null,
        ]);
        break;
      default:
        schema[program.pick(words)] = inner();
    }
  }
  return schema;
}

/** From plain to what is meant to take long or to break the reader. */
const payloads: readonly Uint8Array[] = [
  ...["{}", "[]", "null", "1e999", '"a"', "", "{", '{"id":1,"name":"x","n":[1,1]}'],
  '{"__proto__":{"id":1},"constructor":{"name":"x"}}',
  `"${"a".repeat(40)}!"`,
  JSON.stringify(Array.from({ length: 1200 }, (_, at) => ({ n: at % 7 }))),
  `${"[".repeat(3000)}${"]".repeat(3000)}`,
  `${'{"n":'.repeat(500)}1${"}".repeat(500)}`,
]
  .map(utf8)
  .concat(Uint8Array.of(0xff, 0xfe, 0x7b));

/** Judging never throws, has no memory, and gives a reason that fits a record. */
async function runSchema(input: Uint8Array): Promise<string> {
  writeFileSync(path, textOf(input, schemaOf));
  return codeOfAsync(async () => {
    const judge = await readSchema(path);
    const stream = { node: "clinic_a", epoch: 1, lane: "" };
    const reasons = payloads.map((payload) => judge({ stream, type: 1, payload }));
    for (const reason of reasons) assert.ok((reason?.length ?? 0) <= 200, "a reason is short");
    assert.deepEqual(
      payloads.map((payload) => judge({ stream, type: 1, payload })),
      reasons,
    );
    const held = reasons.filter((reason) => reason !== undefined).length;
    return `accepted, holds ${held === 0 ? "none" : held === reasons.length ? "all" : "some"}`;
  });
}

const names = [
  "n",
  "N",
  "name",
  "seq",
  "payload",
  "zamsync_x",
  "sqlite_x",
  "a b",
  'q"q',
  "",
  "\u0000",
];
const pointers = ["/n", "/name", "", "/", "/a~1b/0", "/~2", "n", "/__proto__", "/n/n/n"];

function mappingOf(program: Program): unknown {
  const columns = Array.from({ length: program.below(6) }, () => ({
    name: program.pick([...names, "é".repeat(32), `c${program.byte()}`, 7]),
    pointer: program.pick([...pointers, null]),
    type: program.pick([...columnTypes, "blob"]),
    ...(program.below(9) === 0 ? { nullable: true } : {}),
  }));
  const table = program.pick([...names, "events", "zamsync_events", "visits; DROP TABLE x", "é"]);
  return program.below(8) === 0
    ? { columns: program.pick([columns, {}, null]) }
    : { table, columns };
}

/** What is accepted makes a table that takes rows, and means the same when it is written down again. */
async function runMapping(input: Uint8Array): Promise<string> {
  writeFileSync(path, textOf(input, mappingOf));
  return codeOfAsync(async () => {
    const mapping = readMapping(path);
    assert.deepEqual(toMapping(JSON.parse(JSON.stringify(mapping)), path), mapping);
    for (const end of ["", "-wal", "-shm"]) rmSync(`${tablePath}${end}`, { force: true });
    const database = await openSqlite({ kind: "sqlite", path: tablePath }, { isReadOnly: false });
    try {
      const state = await migrate(database, mapping, {
        target: "sqlite:",
        nodeId: "hub",
        logId: "aa",
      });
      assert.equal(state.columns.length, mapping.columns.length);
      const maker = new RowMaker(mapping.columns);
      const rows = payloads.map((payload, at) => maker.make(event({ seq: at + 1, payload })));
      assert.deepEqual(await database.insertEvents(mapping, rows), []);
      return `accepted, ${mapping.columns.length === 0 ? "plain" : "with columns"}`;
    } finally {
      await database.close();
    }
  });
}

/** The shorthand of a schema is typed, not a file: nothing of it is looked for on the disk. */
async function runShorthand(input: Uint8Array): Promise<string> {
  const fields = Buffer.from(input).toString("utf8");
  return codeOfAsync(async () => {
    const judge = await readSchema(`json+${fields}`);
    const stream = { node: "clinic_a", epoch: 1, lane: "" };
    const whole = Object.fromEntries(fields.split(",").map((field) => [field, 1]));
    const fits = codeOf(() => judge({ stream, type: 1, payload: utf8(JSON.stringify(whole)) }));
    return fits === "accepted" ? "accepted" : "accepted, and a field that JSON does not keep";
  });
}

const text = (value: unknown): Uint8Array => Uint8Array.of(0, ...utf8(JSON.stringify(value)));
const chosen = (seed: number): Uint8Array =>
  Uint8Array.from({ length: 40 }, (_, at) => (at === 0 ? 0xff : (at * 37 + seed * 11) & 0xff));

export const hubFileTargets: readonly FuzzTarget[] = [
  {
    name: "schema files",
    shortRuns: 100,
    samples: [
      text({ type: "object", required: ["id"], properties: { id: { type: "integer" } } }),
      text({ $ref: "#/$defs/x", $defs: { x: { items: { $ref: "#" } } } }),
      text({ type: "string", pattern: "^BT-[0-9]+$", maxLength: 20 }),
      ...[1, 2, 3, 4, 5].map(chosen),
    ],
    run: runSchema,
  },
  {
    name: "schema fields",
    samples: ["id", "id,name", ",", "é,__proto__"].map(utf8),
    run: runShorthand,
  },
  {
    name: "mapping files",
    shortRuns: 100,
    samples: [
      text({}),
      text({ table: "visits", columns: [{ name: "n", pointer: "/n", type: "integer" }] }),
      ...[1, 2, 3, 4, 5].map(chosen),
    ],
    run: runMapping,
  },
];
