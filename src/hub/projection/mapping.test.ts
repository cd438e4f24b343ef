/** What a person types: targets and mapping files. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZamError } from "../../core/errors/zam-error.ts";
import { toMapping } from "./mapping.ts";
import { RowMaker } from "./row.ts";
import { event } from "./projection.test-kit.ts";
import { parseTarget, targetToText } from "./target.ts";

describe("a target", () => {
  it("is a file or a database, and never shows its password", () => {
    assert.deepEqual(parseTarget("sqlite:/tmp/x y.db"), { kind: "sqlite", path: "/tmp/x y.db" });
    const target = parseTarget("postgres://u%40x:p%40ss@db.example.org:6000/clinics");
    assert.ok(target.kind === "postgres");
    const { host, port, database, user, password, tls } = target;
    assert.deepEqual(
      [host, port, database, user, password, tls],
      ["db.example.org", 6000, "clinics", "u@x", "p@ss", "verify-full"],
    );
    assert.equal(targetToText(target), "postgres://u%40x@db.example.org:6000/clinics");
  });

  it("is in clear only on this machine, or where that is asked for", () => {
    const tlsOf = (text: string): string => {
      const target = parseTarget(text);
      return target.kind === "postgres" ? target.tls : "";
    };
    assert.equal(tlsOf("postgres://localhost/d"), "disable");
    assert.equal(tlsOf("postgresql://[::1]/d"), "disable");
    assert.equal(tlsOf("postgres://127.0.0.2/d"), "disable");
    assert.equal(tlsOf("postgres://127.0.0.1.example.org/d"), "verify-full");
    assert.equal(tlsOf("postgres://10.0.0.5/d"), "verify-full");
    assert.equal(tlsOf("postgres://10.0.0.5/d?sslmode=disable"), "disable");
    assert.equal(tlsOf("postgres://10.0.0.5/d?sslmode=verify-ca"), "verify-ca");
  });

  it("is refused without a word of what was typed", () => {
    for (const text of [
      "",
      "sqlite:",
      "mysql://u:secret@h/d",
      "postgres://u:secret@h",
      "postgres:///d",
      "postgres://u:secret@h:99999/d",
      "postgres://u:secret@h/d?sslmode=maybe",
      "postgres://u:secret@h/d?secret=1",
      "u:secret@h",
    ])
      assert.throws(
        () => parseTarget(text),
        (error: unknown) =>
          error instanceof ZamError &&
          error.code === "Z109" &&
          !`${error.message}${JSON.stringify(error.context)}`.includes("secret"),
        text,
      );
  });
});

describe("a mapping", () => {
  const column = { name: "a", pointer: "/a", type: "text" };

  it("is checked as a whole, and says what is wrong", () => {
    const refusals: readonly (readonly [unknown, RegExp])[] = [
      [[], /no object/],
      [{ colums: [] }, /'colums'/],
      [{ table: "" }, /"table"/],
      [{ table: "x".repeat(64) }, /"table"/],
      [{ table: "zamsync_missing" }, /begin like/],
      [{ columns: {} }, /no list/],
      [{ columns: Array.from({ length: 201 }, () => column) }, /no list/],
      [{ columns: [{ ...column, type: "varchar" }] }, /column 1: "type"/],
      [{ columns: [{ ...column, pointer: "a" }] }, /column 1: "pointer"/],
      [{ columns: [{ ...column, pointer: "/~2" }] }, /column 1: "pointer"/],
      [{ columns: [{ ...column, name: "Seq" }] }, /already/],
      [{ columns: [column, { ...column, name: "A" }] }, /column 2: .*already/],
      [{ columns: [{ ...column, name: "\ud800" }] }, /column 1: "name"/],
      [{ columns: [{ ...column, comment: "" }] }, /'comment'/],
    ];
    for (const [value, problem] of refusals)
      assert.throws(
        () => toMapping(value, "m.json"),
        (error: unknown) =>
          error instanceof ZamError && error.code === "Z108" && problem.test(error.message),
        String(problem),
      );
  });

  it("gives each type what fits it, and counts what does not", () => {
    const types = ["text", "integer", "real", "boolean", "timestamp", "json"];
    const columns = types.map((type) => ({ name: `c_${type}`, pointer: "/v", type }));
    const maker = new RowMaker(toMapping({ columns }, "m").columns);
    const valuesOf = (v: unknown): unknown[] => [...maker.valuesOf(JSON.stringify({ v }))];
    assert.deepEqual(valuesOf(7), ["7", 7, 7, null, null, "7"]);
    assert.deepEqual(valuesOf(true), ["true", null, null, 1, null, "true"]);
    assert.deepEqual(valuesOf("2026-03-01T10:00:00+02:00"), [
      "2026-03-01T10:00:00+02:00",
      null,
      null,
      null,
      "2026-03-01T08:00:00.000Z",
      '"2026-03-01T10:00:00+02:00"',
    ]);
    assert.deepEqual(valuesOf({ a: [1] }), [null, null, null, null, null, '{"a":[1]}']);
    assert.equal(maker.unfitting, 2 + 3 + 3 + 5);
    assert.deepEqual(valuesOf(null), [null, null, null, null, null, null]);
    assert.equal(maker.unfitting, 13);
    const time = new RowMaker(
      toMapping({ columns: [{ name: "t", pointer: "/v", type: "timestamp" }] }, "m").columns,
    );
    for (const [text, iso] of [
      ["2026-03-01", "2026-03-01T00:00:00.000Z"],
      ["2026-03-01 10:00", "2026-03-01T10:00:00.000Z"],
      ["2026-03-01T10:00:00.123456Z", "2026-03-01T10:00:00.123Z"],
      ["2026-02-30T10:00:00Z", null],
      ["0000-01-01", null],
      ["yesterday", null],
    ] as const)
      assert.deepEqual(time.valuesOf(JSON.stringify({ v: text })), [iso], text);
  });

  it("takes the whole payload by the empty pointer, and array places by number", () => {
    const columns = [
      { name: "all", pointer: "", type: "json" },
      { name: "second", pointer: "/1", type: "integer" },
    ];
    const row = new RowMaker(toMapping({ columns }, "m").columns).make(
      event({ seq: 1, payload: Buffer.from("[5, 6]") }),
    );
    assert.deepEqual(row.values, ["[5,6]", 6]);
  });
});
