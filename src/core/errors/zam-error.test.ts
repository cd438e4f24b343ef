import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { catalogue } from "./catalogue.ts";
import { AssertionError, assert as assertInvariant, isZCode, ZamError } from "./zam-error.ts";

describe("ZamError", () => {
  test("fills message and hint from its context, and leaves what it was not told", () => {
    const error = new ZamError("Z306", { path: "/data", problem: "it is empty" });
    assert.equal(error.message, "/data cannot be used: it is empty");
    assert.equal(
      new ZamError("Z306", { path: "/data" }).message,
      "/data cannot be used: {problem}",
    );
    const counted = new ZamError("Z307", { nodeId: "A", suggestion: 7 });
    assert.match(counted.hint, /--node-id 7$/);
  });

  test("says one of a thing and many of it", () => {
    const place = { path: "1.seg", from: 64, to: 128 };
    const texts = [1, 0, 2500].map((count) => new ZamError("Z209", { count, ...place }).message);
    assert.deepEqual(
      texts.map((text) => text.replace(/ \(.*/, "")),
      [
        "1 record could not be read",
        "0 records could not be read",
        "2,500 records could not be read",
      ],
    );
    assert.match(new ZamError("Z209", place).message, /^\{count record\} could/);
  });

  test("takes exit status and whether to retry from the catalogue, and keeps code, context and cause", () => {
    for (const code of ["Z101", "Z301", "Z602"] as const) {
      const cause = new Error("below");
      const error = new ZamError(code, { path: "x" }, cause);
      assert.equal(error.name, "ZamError");
      assert.equal(error.code, code);
      assert.deepEqual(error.context, { path: "x" });
      assert.equal(error.cause, cause);
      assert.equal(error.exitStatus, catalogue[code].exit);
      assert.equal(error.isRetryable, catalogue[code].retryable);
      assert.ok(error instanceof Error);
    }
  });

  test("knows its codes, and no property of an object besides", () => {
    assert.equal(isZCode("Z101"), true);
    assert.equal(isZCode("Z000"), false);
    assert.equal(isZCode("toString"), false);
  });
});

describe("assert", () => {
  test("throws only when an invariant is broken, and says which", () => {
    assertInvariant(true, "all is well");
    assert.throws(
      () => assertInvariant(false, "a head never falls"),
      (error) => error instanceof AssertionError && error.name === "AssertionError",
    );
    assert.throws(() => assertInvariant(false, "a head never falls"), {
      message: "invariant broken: a head never falls",
    });
  });
});
