import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sourceEntry } from "../../lab/command.ts";
import { runChild, serveChild } from "./children.ts";

describe("a command that cannot be started", () => {
  const options = { entry: sourceEntry, wrapper: ["/nowhere/prlimit"] };
  const problem = { code: "ENOENT", syscall: "spawn /nowhere/prlimit" };

  test("is the failure of who runs it", () =>
    assert.rejects(runChild(["version"], options), problem));

  test("is the failure of who waits for it to serve", () =>
    assert.rejects(serveChild(["/nowhere/hub"], options), problem));
});
