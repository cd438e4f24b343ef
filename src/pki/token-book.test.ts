import assert from "node:assert/strict";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { ZamError } from "../core/errors/zam-error.ts";
import { createScratch } from "../../test/identities.ts";
import {
  type CreatedToken,
  createToken,
  type CreateTokenInput,
  listTokens,
  openTokenBook,
  revokeToken,
  tokenState,
} from "./token-book.ts";

const nowMs = Date.UTC(2026, 2, 1);

function scratch(t: TestContext): string {
  const { dir, remove } = createScratch();
  t.after(remove);
  return dir;
}

function make(dataDir: string, more: Partial<CreateTokenInput> = {}): CreatedToken {
  return createToken({ dataDir, scopes: ["read"], nodes: [], label: "x", nowMs, ...more });
}

function bookPath(dir: string): string {
  return join(dir, "http", "tokens.jsonl");
}

describe("the book of tokens", () => {
  it("accepts what it made, and stores no secret", (t) => {
    const dir = scratch(t);
    const { token, ...row } = make(dir, { scopes: ["read", "push"], nodes: ["clinic_a"] });
    assert.match(token, /^zst_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    assert.deepEqual(openTokenBook({ dataDir: dir }).judge(token, nowMs), {
      kind: "accepted",
      row,
    });
    const text = readFileSync(bookPath(dir), "utf8");
    assert.ok(!text.includes(token.slice(17)));
    assert.equal(statSync(bookPath(dir)).mode & 0o777, 0o600);
    assert.equal(statSync(join(dir, "http")).mode & 0o777, 0o700);
  });

  it("refuses every token that differs in one character, and any other text", (t) => {
    const dir = scratch(t);
    const { token } = make(dir);
    const book = openTokenBook({ dataDir: dir });
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === "a" ? "b" : "a";
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      assert.equal(book.judge(changed, nowMs).kind, "refused", `character ${at}`);
    }
    for (const text of ["", "zst_", `${token}a`, ` ${token}`, "x".repeat(100_000)])
      assert.equal(book.judge(text, nowMs).kind, "refused");
  });

  it("ends a token at its time, not before", (t) => {
    const dir = scratch(t);
    const { token, id } = make(dir, { expiresInMs: 1000 });
    const book = openTokenBook({ dataDir: dir });
    assert.equal(book.judge(token, nowMs + 999).kind, "accepted");
    assert.equal(book.isStillValid(id, nowMs + 999), true);
    assert.equal(book.judge(token, nowMs + 1000).kind, "refused");
    assert.equal(book.isStillValid(id, nowMs + 1000), false);
    assert.equal(book.hasValid(nowMs + 1000), false);
  });

  it("sees at the very next question what another process made and revoked", (t) => {
    const dir = scratch(t);
    const book = openTokenBook({ dataDir: dir });
    assert.equal(book.hasValid(nowMs), false);
    const { token, id } = make(dir);
    assert.equal(book.judge(token, nowMs).kind, "accepted");
    assert.equal(revokeToken({ dataDir: dir, id, nowMs }).isRepeat, false);
    const verdict = book.judge(token, nowMs);
    assert.equal(verdict.kind === "refused" && verdict.error.code, "Z330");
    assert.equal(revokeToken({ dataDir: dir, id, nowMs: nowMs + 5 }).isRepeat, true);
    const [row] = listTokens(dir);
    assert.equal(row?.revokedAt, new Date(nowMs).toISOString());
    assert.equal(row && tokenState(row, nowMs), "revoked");
  });

  it("fails closed when the book is damaged or gone, says so once, and comes back", (t) => {
    const dir = scratch(t);
    const { token } = make(dir);
    const problems: ZamError[] = [];
    const book = openTokenBook({ dataDir: dir, onProblem: (error) => problems.push(error) });
    assert.equal(book.judge(token, nowMs).kind, "accepted");
    const good = readFileSync(bookPath(dir));
    for (const line of [
      '{"op":"create","id":"x"}',
      '{"op":"revoke","id":"000000000000"}',
      "[]",
      "x",
    ]) {
      writeFileSync(bookPath(dir), `${good.toString()}${line}\n`);
      for (let repeat = 0; repeat < 3; repeat++) {
        const verdict = book.judge(token, nowMs);
        assert.equal(verdict.kind === "refused" && verdict.error.code, "Z333", line);
      }
      assert.throws(() => listTokens(dir), { code: "Z333" });
    }
    assert.equal(problems.length, 4);
    writeFileSync(bookPath(dir), good);
    assert.equal(book.judge(token, nowMs).kind, "accepted");
  });

  it("takes a line that a power cut left unfinished for none", (t) => {
    const dir = scratch(t);
    const first = make(dir);
    appendFileSync(bookPath(dir), '{"op":"revoke","id":"');
    const second = make(dir);
    const book = openTokenBook({ dataDir: dir });
    for (const { token } of [first, second])
      assert.equal(book.judge(token, nowMs).kind, "accepted");
  });

  it("refuses to make a token that the book could not be read with", (t) => {
    const dir = scratch(t);
    assert.throws(() => make(dir, { nodes: ["Not An Id"] }), { code: "Z101" });
    assert.throws(() => make(dir, { scopes: [] }), { code: "Z101" });
    assert.throws(() => make(dir, { expiresInMs: Number.MAX_SAFE_INTEGER }), { code: "Z101" });
    assert.deepEqual(listTokens(dir), []);
    assert.throws(() => revokeToken({ dataDir: dir, id: "none", nowMs }), { code: "Z334" });
  });
});
