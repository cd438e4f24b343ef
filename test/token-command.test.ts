/** `zamsync token`, as a person and a script see it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { errorOf, jsonLines, makeFleet, run, runOk, summaryOf } from "./scenarios/harness.ts";

interface TokenJson {
  readonly id: string;
  readonly token?: string;
  readonly scopes: readonly string[];
  readonly nodes: readonly string[];
  readonly expiresAt: string | null;
  readonly state: string;
  readonly repeat?: boolean;
}

test("makes, lists and revokes tokens, in words and as JSON", async (t) => {
  const { hub } = await makeFleet(t);
  const dir = ["--data-dir", hub];
  assert.match((await runOk(["token", "list", ...dir])).stdout, /^no tokens yet/);
  const text = (await runOk(["token", "create", ...dir, "--label", "wall"])).stdout;
  assert.match(
    text,
    /^made token [0-9a-f]{12}: may read, of all nodes, does not expire\n {2}zst_\S+\n/,
  );
  assert.match(text, /shown once/);
  const bare = (await runOk(["token", "create", ...dir, "--quiet"])).stdout;
  assert.match(bare, /^zst_[0-9a-f]{12}_[A-Za-z0-9_-]{43}\n$/);
  const args = ["--scope", "admin,push", "--node", "clinic_a,clinic_b", "--expires", "90d"];
  const made = summaryOf<TokenJson>(await runOk(["token", "create", ...dir, ...args, "--json"]));
  assert.deepEqual(
    [made.scopes, made.nodes],
    [
      ["push", "admin"],
      ["clinic_a", "clinic_b"],
    ],
  );
  const daysLeft = (Date.parse(made.expiresAt ?? "") - Date.now()) / 86_400_000;
  assert.ok(daysLeft > 89.9 && daysLeft <= 90);

  assert.match((await runOk(["token", "revoke", made.id, ...dir])).stdout, /^revoked token /);
  assert.match(
    (await runOk(["token", "revoke", made.id, ...dir])).stdout,
    /revoked already, just now/,
  );
  const again = summaryOf<TokenJson>(await runOk(["token", "revoke", made.id, ...dir, "--json"]));
  assert.deepEqual([again.state, again.repeat], ["revoked", true]);
  const rows = jsonLines<TokenJson>((await runOk(["token", "list", ...dir, "--json"])).stdout);
  assert.deepEqual(
    rows.map(({ state }) => state),
    ["valid", "valid", "revoked"],
  );
  assert.ok(rows.every(({ token }) => token === undefined));
  assert.match((await runOk(["token", "list", ...dir])).stdout, /wall\n/);
});

test("refuses what does not fit together before anything is opened", async (t) => {
  const { hub } = await makeFleet(t);
  const dir = ["--data-dir", hub];
  const refused: readonly (readonly string[])[] = [
    ["token", "revoke", ...dir],
    ["token", "create", "4f1c0a9be27d", ...dir],
    ["token", "list", "4f1c0a9be27d", ...dir],
    // A limit that is ignored would be an unlimited token.
    ["token", "list", "--node", "clinic_a", ...dir],
    ["token", "revoke", "4f1c0a9be27d", "--scope", "read", ...dir],
    ["token", "create", "--scope", "read,write", ...dir],
    ["token", "create", "--node", "", ...dir],
    ["token", "create", "--expires", "0s", ...dir],
    ["token", "creat", ...dir],
    ["token", ...dir],
  ];
  for (const args of refused) assert.equal((await run(args)).status, 2, args.join(" "));
  const unknown = await run(["token", "revoke", "4f1c0a9be27d", ...dir, "--json"]);
  assert.equal(unknown.status, 4);
  assert.equal(errorOf(unknown)?.code, "Z334");
  assert.equal((await runOk(["token", "list", ...dir, "--json"])).stdout, "");
  const nowhere = await run(["token", "create", "--data-dir", `${hub}/nothing`, "--json"]);
  assert.equal(errorOf(nowhere)?.code, "Z305");
});
