/** Rules for payloads: what they let in, what they say, what they refuse to be, and what they cost. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { TestContext } from "node:test";
import type { Judge } from "../../engine/index.ts";
import { patternProblem } from "./safe-pattern.ts";
import { readSchema } from "./schema.ts";

function scratch(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "zschema-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

function ask(judge: Judge, payload: string | Uint8Array, type = 0): string | undefined {
  const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
  return judge({ stream: { node: "a", epoch: 1, lane: "" }, type, payload: bytes });
}

const visit = {
  type: "object",
  required: ["patient_id", "vitals"],
  additionalProperties: false,
  properties: {
    patient_id: { type: "string", pattern: "^BT-[0-9]{4}$" },
    seen: { type: "string", format: "date-time" },
    vitals: {
      type: "object",
      properties: { pulse: { type: "integer", minimum: 20, maximum: 300 } },
    },
  },
};

describe("a schema", () => {
  it("by shorthand asks for JSON and for fields", async () => {
    const json = await readSchema("json");
    assert.equal(ask(json, "[1]"), undefined);
    assert.match(ask(json, "{") ?? "", /not JSON/);
    assert.match(ask(json, Uint8Array.of(0x22, 0xff, 0x22)) ?? "", /not JSON/);
    const fields = await readSchema("json+id,name");
    assert.equal(ask(fields, '{"id":1,"name":null}'), undefined);
    assert.equal(ask(fields, '{"id":1}'), "at /: it has no 'name'");
    assert.equal(ask(fields, "[]"), "at /: it is no object");
    assert.equal(ask(fields, '{"id":1,"__proto__":{"name":1}}'), "at /: it has no 'name'");
    for (const text of ["json+", "json+a,,b"])
      await assert.rejects(readSchema(text), { code: "Z110" });
  });

  it("from a file names the place and the rule", async (t) => {
    const path = join(scratch(t), "visit.json");
    writeFileSync(path, JSON.stringify(visit));
    const judge = await readSchema(path);
    const good = { patient_id: "BT-0042", vitals: { pulse: 72 }, seen: "2026-03-01T10:00:00Z" };
    assert.equal(ask(judge, JSON.stringify(good)), undefined);
    const reasonOf = (change: object): string =>
      ask(judge, JSON.stringify({ ...good, ...change })) ?? "";
    assert.equal(reasonOf({ vitals: { pulse: "72" } }), "at /vitals/pulse: must be integer");
    assert.match(reasonOf({ patient_id: "42" }), /^at \/patient_id: must match pattern/);
    assert.match(reasonOf({ seen: "yesterday" }), /^at \/seen: must match format/);
    assert.match(
      reasonOf({ extra: 1 }),
      /^at \/: must NOT have additional properties \('extra'\)$/,
    );
    assert.ok(reasonOf({ ["x".repeat(5000)]: 1 }).length <= 200);
  });

  it("from a folder goes by the event's type", async (t) => {
    const dir = scratch(t);
    writeFileSync(join(dir, "1-visit.json"), JSON.stringify(visit));
    writeFileSync(join(dir, "7.json"), '{"type":"array"}');
    const some = await readSchema(dir);
    assert.match(ask(some, "{}", 1) ?? "", /required/);
    assert.match(ask(some, "{}", 7) ?? "", /array/);
    assert.equal(ask(some, "no JSON at all", 2), undefined);
    writeFileSync(join(dir, "default.json"), '{"type":"object"}');
    const all = await readSchema(dir);
    assert.match(ask(all, "no JSON at all", 2) ?? "", /not JSON/);
    assert.equal(ask(all, "{}", 2), undefined);
    writeFileSync(join(dir, "07-again.json"), "{}");
    await assert.rejects(readSchema(dir), { code: "Z110" });
  });

  it("that cannot be meant is refused when it is read", async (t) => {
    const dir = scratch(t);
    const path = join(dir, "s.json");
    const refusals: readonly (readonly [unknown, RegExp])[] = [
      [{ typ: "object" }, /unknown keyword/],
      [{ type: "objekt" }, /type/],
      [{ properties: { a: { format: "dat" } } }, /format/],
      [{ $ref: "https://example.org/visit.json" }, /can't resolve/],
      [{ $ref: "other.json" }, /can't resolve/],
      [{ properties: { a: { pattern: "^(a+)+$" } } }, /pattern/],
      [{ type: "array", uniqueItems: true }, /uniqueItems/],
      [[], /no JSON Schema object/],
    ];
    for (const [schema, problem] of refusals) {
      writeFileSync(path, JSON.stringify(schema));
      await assert.rejects(
        readSchema(path),
        (error: Error & { code?: string }) => error.code === "Z110" && problem.test(error.message),
        JSON.stringify(schema),
      );
    }
    mkdirSync(join(dir, "empty"));
    writeFileSync(join(dir, "visit.json"), "{}");
    for (const text of [join(dir, "nowhere"), join(dir, "empty"), dir])
      await assert.rejects(readSchema(text), { code: "Z110" });
  });

  it("is never led astray, nor held up, by a payload", async (t) => {
    const path = join(scratch(t), "tree.json");
    writeFileSync(
      path,
      JSON.stringify({
        type: ["object", "array", "string"],
        properties: { text: { type: "string", pattern: "^[a-z]*[a-z0-9]*$" } },
        items: { $ref: "#" },
        additionalProperties: { $ref: "#" },
      }),
    );
    const judge = await readSchema(path);
    const startMs = performance.now();
    const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
    assert.equal(ask(judge, nested(256)), undefined);
    for (const depth of [257, 5000, 200_000])
      assert.match(ask(judge, nested(depth)) ?? "", /too deep/);
    assert.match(ask(judge, JSON.stringify({ text: "a".repeat(2000) })) ?? "", /pattern/);
    assert.match(ask(judge, JSON.stringify({ text: `${"a".repeat(1000)}!` })) ?? "", /pattern/);
    assert.equal(ask(judge, JSON.stringify({ text: "a".repeat(1000) })), undefined);
    assert.ok(performance.now() - startMs < 5000);
  });
});

describe("a pattern", () => {
  it("that can take exponential time is told from one that cannot", () => {
    for (const pattern of [
      "(a+)+",
      "(a|a)*",
      "(a|b)+c",
      "((a?)b?)*",
      "(\\d{1,3}\\.)+",
      "(?:x*y*){9,}",
      "(a)\\1",
      "((ab){2,})*",
    ])
      assert.notEqual(patternProblem(pattern), undefined, pattern);
    for (const pattern of [
      "^BT-[0-9]{4}$",
      "^(male|female)$",
      "(\\d{3}-)+",
      "^[(|)*]+$",
      "a*b*",
      "(a|b)?",
      "(?:[ab]c)*",
      "(a+){2}",
      "\\(a+\\)+",
    ])
      assert.equal(patternProblem(pattern), undefined, pattern);
  });
});
