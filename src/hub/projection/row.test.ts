import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { largeJsonCharacters } from "../../command/json-text.ts";
import type { MappedColumn } from "./mapping.ts";
import { RowMaker } from "./row.ts";

const types = ["text", "integer", "real", "boolean", "timestamp", "json"] as const;
const pointers = ["", "/a", "/a/b", "/0", "/a/0", "/b/a/1", "/__proto__"];
const columns: readonly MappedColumn[] = types.flatMap((type) =>
  pointers.map((pointer, index) => ({ name: `${type}${index}`, type, pointer })),
);

describe("values of a payload", () => {
  it("are the same whether its values were made or not", () => {
    const key = fc.constantFrom("a", "b", "0", "__proto__", "c");
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, 1, 1.5, "text", "2026-01-02", "\u0000"),
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.array(fc.tuple(key, tie("tree")), { maxLength: 4 }).map(Object.fromEntries),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const text = JSON.stringify(value);
        const [made, read] = [new RowMaker(columns), new RowMaker(columns)];
        const blanks = " ".repeat(largeJsonCharacters);
        assert.deepEqual(read.valuesOf(blanks + text), made.valuesOf(text));
        assert.equal(read.unfitting, made.unfitting);
      }),
      { numRuns: 300 },
    );
  });

  it("of millions of empty ones are found without making them, and a large part is its own text", () => {
    const many = `[${"{},".repeat(2_000_000)}1.0]`;
    const maker = new RowMaker([
      { name: "n", type: "integer", pointer: "/n" },
      { name: "last", type: "real", pointer: "/many/2000000" },
      { name: "many", type: "json", pointer: "/many" },
      { name: "text", type: "text", pointer: "/many" },
    ]);
    const startMs = performance.now();
    JSON.parse(many);
    const madeMs = performance.now() - startMs;
    const values = maker.valuesOf(`{"many":${many},"n":7}`);
    assert.deepEqual(values, [7, 1, many, null]);
    assert.equal(maker.unfitting, 1);
    const readMs = performance.now() - startMs - madeMs;
    assert.ok(readMs < 2 * madeMs, `${readMs} ms to read, ${madeMs} ms to make`);
    assert.throws(() => maker.valuesOf(`{"many":${many}`), SyntaxError);
  });
});
