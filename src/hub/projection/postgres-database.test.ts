/** Projections into a real PostgreSQL. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ZamError } from "../../core/errors/zam-error.ts";
import { openPostgres } from "./postgres-database.ts";
import { skipsPostgres, TestPostgres } from "./postgres.test-kit.ts";
import { projectionSuite } from "./projection.test-kit.ts";
import type { PostgresTarget } from "./target.ts";

describe("PostgreSQL", { skip: skipsPostgres }, () => {
  let server: TestPostgres;
  before(async () => {
    server = await TestPostgres.start();
  });
  after(() => server.remove());

  projectionSuite("PostgreSQL", async () => {
    const target = server.makeDatabase();
    return { open: () => openPostgres(target, { isReadOnly: false }) };
  });

  async function codeOf(target: PostgresTarget): Promise<ZamError> {
    const error = await openPostgres(target, { isReadOnly: false }).then(
      () => assert.fail("it opened"),
      (caught: unknown) => caught,
    );
    assert.ok(error instanceof ZamError, String(error));
    return error;
  }

  it("says what passes by itself and what does not, and never the password", async () => {
    const target = server.makeDatabase();
    const password = "secret-0815";
    const away = await codeOf({ ...target, port: 1, password });
    assert.equal(away.code, "Z424");
    const unknown = await codeOf({ ...target, database: "nowhere", password });
    assert.equal(unknown.code, "Z612");
    // The server speaks no TLS: no word of it goes out in the clear.
    const plain = await codeOf({ ...target, tls: "require", password });
    assert.match(plain.code, /^Z(424|612)$/);
    for (const error of [away, unknown, plain])
      assert.ok(!`${error.message} ${JSON.stringify(error.context)}`.includes(password));
  });

  it("changes nothing when it only looks", async () => {
    const target = server.makeDatabase();
    const database = await openPostgres(target, { isReadOnly: true });
    await assert.rejects(database.run("CREATE TABLE t (a integer)"), { code: "Z424" });
    await database.close();
  });
});
