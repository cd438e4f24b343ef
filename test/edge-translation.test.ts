/** What cannot be translated to C fails the small device's build, with its place. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Untranslatable } from "../scripts/edge/native/c-types.ts";
import { translateClass } from "../scripts/edge/native/translate.ts";

const folder = mkdtempSync(join(tmpdir(), "zamsync-translation-"));
const tsconfigPath = fileURLToPath(new URL("../tsconfig.json", import.meta.url));
after(() => rmSync(folder, { recursive: true }));

function translated(members: string): string {
  const path = join(folder, "example.ts");
  writeFileSync(path, `class Other {}\nexport class Example {\n${members}\n}\n`);
  return translateClass({ path, className: "Example", tsconfigPath });
}

describe("a class with", () => {
  for (const [what, members, problem] of [
    ["a quotient that is not rounded", "half(a: number): number { return a / 2; }", /rounded/],
    ["a fraction", "more(a: number): number { return a * 1.25; }", /no integer/],
    [
      "an object made in a method",
      "make(): boolean { return new Other() === undefined; }",
      /outside a constructor/,
    ],
    [
      "a field that is no number, array or object",
      'private text = "x"; size(): number { return this.text.length; }',
      /no translation/,
    ],
    [
      "an array that a constructor has from elsewhere",
      "private readonly a = new Uint8Array(4); private readonly b = this.a.subarray(1); size(): number { return this.b.length; }",
      /made elsewhere/,
    ],
    [
      "bytes of JavaScript's in its constructor",
      "constructor(bytes: Uint8Array) { bytes.fill(0); }",
      /in a constructor/,
    ],
  ] as const)
    test(`${what} is refused`, () => {
      assert.throws(
        () => translated(members),
        (error) =>
          error instanceof Untranslatable &&
          /example\.ts:3:\d+: /.test(error.message) &&
          problem.test(error.message),
      );
    });

  test("nothing of that is C", () => {
    const code = translated("half(a: number): number { return Math.floor(a / 2); }");
    assert.match(code, /divide_floor\(v_a, INT64_C\(2\)\)/);
  });
});
