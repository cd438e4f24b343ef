/** The command as a process: streams, exit statuses, shells. What it does with a log is in test/. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { commandNames } from "../command/table.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));

function zamsync(argv: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { PATH = "" } = process.env;
  const found = spawnSync(process.execPath, [main, ...argv], {
    env: { PATH, ...environment },
    encoding: "utf8",
    timeout: 30_000,
  });
  return { status: found.status, out: found.stdout, err: found.stderr };
}

function hasShell(name: string): boolean {
  return spawnSync(name, ["-c", "exit 0"]).status === 0;
}

describe("the command", () => {
  it("prints its versions", () => {
    const ran = zamsync(["version", "--json"]);
    assert.equal(ran.status, 0, ran.err);
    const facts = JSON.parse(ran.out);
    assert.equal(facts.node, process.versions.node);
    assert.ok(facts.logFormat >= 1 && facts.protocol >= 1 && /^\d+\.\d+\.\d+/.test(facts.version));
  });

  it("exits 2 for misspelt safety flags, and makes no file", () => {
    const dir = mkdtempSync(join(tmpdir(), "zamsync-process-"));
    const data = join(dir, "hub");
    const lines: readonly (readonly string[])[] = [
      ["serve", "--data-dir", data, "--polcy", "own"],
      ["serve", "--data-dir", data, "--policy", "onw"],
      ["serve", "--data-dir", data, "--retain", "90"],
      ["sync", "--data-dir", data, "--max-bytes", "2MB?"],
      ["keygen", data, "--hubb"],
      ["compress", "--data-dir", data],
      [],
    ];
    for (const argv of lines) {
      const ran = zamsync(argv);
      assert.equal(ran.status, 2, argv.join(" "));
      assert.equal(ran.out, "");
      assert.match(ran.err, /^error Z10[12] {2}.+\nhint: .+\n$/);
      assert.ok(!ran.err.includes("\u001b"), "no colour off a terminal");
      assert.ok(!existsSync(data));
    }
    assert.deepEqual(readdirSync(dir), []);
    rmSync(dir, { recursive: true });
  });

  it("prints errors as one JSON object with --json", () => {
    const ran = zamsync(["sync", "--json", "--hub"]);
    const { error } = JSON.parse(ran.err);
    assert.deepEqual(Object.keys(error), ["code", "message", "hint", "context"]);
    assert.equal(ran.status, 2);
  });

  it("ends quietly when the reader of its output goes away", () => {
    const script = `"${process.execPath}" "${main}" help --json | head -c 1; echo " \${PIPESTATUS[0]}"`;
    const found = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    assert.equal(found.stdout, "{ 0\n");
    assert.equal(found.stderr, "");
  });
});

describe("completion", () => {
  /** What bash offers for the last of `words`. */
  function offered(words: readonly string[]): readonly string[] {
    const script = [
      `eval "$("${process.execPath}" "${main}" completion bash)"`,
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})`,
      `COMP_CWORD=${words.length - 1}`,
      "_zamsync",
      `printf "%s\\n" "\${COMPREPLY[@]}"`,
    ].join("\n");
    const found = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    assert.equal(found.status, 0, found.stderr);
    return found.stdout.trim().split("\n").sort();
  }

  it("loads in bash, and offers commands, flags and values", { skip: !hasShell("bash") }, () => {
    assert.deepEqual(offered(["zamsync", ""]), [...commandNames].sort());
    assert.deepEqual(offered(["zamsync", "st"]), ["status"]);
    assert.deepEqual(offered(["zamsync", "serve", "--pol"]), ["--policy"]);
    assert.deepEqual(offered(["zamsync", "serve", "--policy", ""]), ["all", "own"]);
    assert.deepEqual(offered(["zamsync", "--json", "help", "pu"]), ["pull", "push"]);
    assert.deepEqual(offered(["zamsync", "status", "/et"]), ["/etc"]);
  });

  for (const shell of ["bash", "zsh", "fish"]) {
    it(`is a script that ${shell} takes`, { skip: !hasShell(shell) }, () => {
      const { out } = zamsync(["completion", shell]);
      const found = spawnSync(shell, ["-n"], { input: out, encoding: "utf8" });
      assert.equal(found.status, 0, found.stderr);
    });
  }
});
