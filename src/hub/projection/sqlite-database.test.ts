/** Projections into SQLite. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { projectionSuite } from "./projection.test-kit.ts";
import { openSqlite } from "./sqlite-database.ts";

projectionSuite("SQLite", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "zsql-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const path = join(dir, "events.db");
  return { open: () => openSqlite({ kind: "sqlite", path }, { isReadOnly: false }) };
});

it("makes a file that nobody else may read, with its companions", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "zsql-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const path = join(dir, "events.db");
  const database = await openSqlite({ kind: "sqlite", path }, { isReadOnly: false });
  await database.run("CREATE TABLE t (a)");
  for (const name of [path, `${path}-wal`, `${path}-shm`])
    assert.equal(statSync(name).mode & 0o777, 0o600, name);
  await database.close();
});
