/** The page of commands says what the table says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { commandsPage } from "../scripts/commands-doc.ts";

test("docs/commands.md is what the table says", () => {
  const page = readFileSync(new URL("../docs/commands.md", import.meta.url), "utf8");
  assert.equal(page, commandsPage(), "run node scripts/commands-doc.ts");
});
