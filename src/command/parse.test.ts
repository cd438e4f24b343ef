import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isZCode, ZamError } from "../core/errors/zam-error.ts";
import { type CommandSpec, flagToText } from "./flag.ts";
import { parseCommandLine, wantsJson } from "./parse.ts";
import { commandNames, commandSpec, type ParsedCommand, type ValuesOf } from "./table.ts";
import { parseValue } from "./value.ts";

function parse(line: string | readonly string[], environment = {}): ParsedCommand {
  return parseCommandLine(typeof line === "string" ? line.split(" ") : line, environment);
}

function refusal(line: string | readonly string[], environment = {}): ZamError {
  try {
    parse(line, environment);
  } catch (error) {
    if (error instanceof ZamError) return error;
    throw error;
  }
  throw new Error(`accepted: ${String(line)}`);
}

function valuesOf<Name extends ParsedCommand["command"]>(name: Name, line: string): ValuesOf<Name> {
  const found = parse(line);
  assert.equal(found.command, name);
  return found.values as ValuesOf<Name>;
}

describe("the command line", () => {
  it("gives typed values with their defaults", () => {
    const serve = valuesOf("serve", "serve --data-dir hub");
    const maxPeers: number = serve.maxPeers;
    const policy: "own" | "all" = serve.policy;
    const keyFile: string | undefined = serve.keyFile;
    assert.deepEqual([maxPeers, policy, keyFile], [64, "own", undefined]);
    assert.equal(serve.bind, "0.0.0.0:7700");
    assert.equal(serve.lockTimeout, 30_000);
    const sync = valuesOf("sync", "sync --data-dir a");
    assert.equal(sync.timeout, 600_000);
    assert.equal(sync.hub, undefined);
    assert.equal(valuesOf("sign", "sign x.csr --ca hub").days, 3650);
  });

  it("takes a value after a blank or an equals sign", () => {
    assert.equal(valuesOf("sync", "sync a --max-bytes 2M").maxBytes, 2 * 1024 * 1024);
    assert.equal(valuesOf("sync", "sync a --max-bytes=2M").maxBytes, 2 * 1024 * 1024);
    assert.equal(valuesOf("push", "push a --payload=--x").payload, "--x");
  });

  it("takes the directory first, by flag, from the environment, and before the command", () => {
    assert.equal(valuesOf("status", "status /x").dataDir, "/x");
    assert.equal(valuesOf("status", "--data-dir /x --json status").dataDir, "/x");
    assert.equal(parse("status", { ZAMSYNC_DATA_DIR: "/e" }).values.json, false);
    const found = parse("status /x", { ZAMSYNC_DATA_DIR: "/e", ZAMSYNC_KEY_FILE: "/k" });
    assert.ok(found.command === "status");
    assert.deepEqual([found.values.dataDir, found.values.keyFile], ["/x", "/k"]);
    assert.equal(refusal("status").code, "Z104");
    assert.equal(refusal("status", { ZAMSYNC_DATA_DIR: "" }).code, "Z104");
    assert.equal(refusal("status /x --data-dir /y").code, "Z101");
  });

  it("ends flags at two dashes", () => {
    assert.equal(valuesOf("status", "status -- --odd").dataDir, "--odd");
  });

  it("shows help wherever it is asked for", () => {
    assert.equal(valuesOf("help", "--help").topic, undefined);
    assert.equal(valuesOf("help", "push --help").topic, "push");
    assert.equal(valuesOf("help", "push -h --json").json, true);
    assert.equal(parse("--version").command, "version");
    assert.equal(refusal("help psuh").context.nearest, "push");
  });

  const misspelt: readonly (readonly [string, string])[] = [
    ["serve hub --polcy own", "--policy"],
    ["serve hub --policy onw", "own"],
    ["serve hub --policy Own", "own"],
    ["stauts x", "status"],
    ["synch x", "sync"],
    ["sync x --max-byte 1M", "--max-bytes"],
    ["sync x --maxbytes 1M", "--max-bytes"],
    ["sync x --max-bytes 2MB?", "2M"],
    ["sync x --max-bytes 1.5G", "1G"],
    ["sync x --max-bytes 512k", "512K"],
    ["sync x --timeout 90", "90s"],
    ["sync x --timeout 5min", "5m"],
    ["sync x --timeout 5M", "5m"],
    ["sync x --budget-kbps 64kbit", "64"],
    ["sync x --hub https://10.0.0.1:7700/", "10.0.0.1:7700"],
    ["serve x --bind :7700", "0.0.0.0:7700"],
    ["serve x --max-peers 0", "1"],
    ["pull x --limit 10x", "10"],
    ["pull x --type 1,000", "1000"],
    ["push x --stdin --id-field id", "/id"],
    ["keygen x --node-id Clinic_A", "clinic_a"],
    ["-q status", "-v"],
    ["completion bsh", "bash"],
    ["audit x --format jsn", "json"],
  ];
  for (const [line, near] of misspelt) {
    it(`refuses "${line}" and names "${near}"`, () => {
      const error = refusal(line);
      assert.equal(error.exitStatus, 2);
      if (line !== "-q status") assert.equal(error.context.nearest, near);
    });
  }

  const refused: readonly string[] = [
    "sync x --hub",
    "sync x --hub --json",
    "sync x --hub a --hub b",
    "sync x --dry-run=yes",
    "sync x --dry-run --dry-run",
    "sync x --hub a:0",
    "sync x --hub a:70000",
    "sync x --hub [::1",
    "sync x --max-bytes 0",
    "sync x --max-bytes -1",
    "sync x --max-bytes 99999999999999G",
    "sync x --timeout 0s",
    "sync x --timeout 25d",
    "sync x y",
    "push x",
    "push x --payload 1 --stdin",
    "push x --payload 1 --id-field /a",
    "push x --stdin --id a",
    "push x --payload 1 --to a --lane b",
    "push x --payload 1 --urgent --lane b",
    "push x --payload 1 --lane to/",
    "push x --payload 1 --type 2147483648",
    "push x --payload 1 --id ",
    "pull x --order hlc --follow",
    "pull x --order hlc --since c",
    "audit x --json --format csv",
    "audit x --head 1 --tail 1",
    "audit x --verify --node a",
    "audit x --since yesterday",
    "audit x --since 2026-02-30",
    "status x --verbose --quiet",
    "sign --ca hub",
    "sign x.csr",
    "serve x --http http://127.0.0.1:80",
    "serve x --http-name hub.example",
    "serve x --http 127.0.0.1:80 --http-name hub.example:80",
    "serve x --retain 90",
    "serve x --insecure",
    "serve x --advertise",
    "sync x --discover",
    "daemon x --daily-budget 1k",
    "daemon x --window 22-5",
    "daemon x --window 22:00-22:00",
    "compress x",
    "compact x --grace 7",
    "expire x",
    "expire x --before 2026-03-01 --older-than 1d",
    "expire x --older-than 90",
    "doctor x --ack",
    "token lst --data-dir x",
    "token create --data-dir x --scope reed",
    "token create --data-dir x --node Clinic_A",
    "token create --data-dir x --expires 90",
    "constructor",
    "push x --constructor",
    "",
  ];
  for (const line of refused) {
    it(`refuses "${line}"`, () => {
      const error = refusal(line === "" ? [] : line);
      assert.equal(error.exitStatus, 2);
      assert.match(error.code, /^Z10[12]$/);
      assert.ok(!error.hint.includes("{") && !error.message.includes("{"));
    });
  }

  it("offers --payload when JSON stands alone", () => {
    assert.equal(refusal(["push", '{"a":1}']).context.nearest, "--payload");
  });

  it("writes addresses with their port", () => {
    const hubOf = (text: string): string | undefined =>
      valuesOf("sync", `sync x --hub ${text}`).hub;
    assert.equal(hubOf("hub.example"), "hub.example:7700");
    assert.equal(hubOf("10.0.0.1:99"), "10.0.0.1:99");
    assert.equal(hubOf("::1"), "[::1]:7700");
    assert.equal(hubOf("[fe80::1%eth0]:88"), "[fe80::1%eth0]:88");
    assert.equal(valuesOf("serve", "serve x --bind 127.0.0.1:0").bind, "127.0.0.1:0");
  });

  it("reads lists once each, in an order of their own", () => {
    const made = valuesOf("token", "token create --data-dir x --scope push,read,push --node b,a,b");
    assert.equal(made.scope, "read,push");
    assert.equal(made.node, "b,a");
  });

  it("reads times as UTC", () => {
    const since = (text: string): string | undefined =>
      valuesOf("audit", `audit x --since ${text}`).since;
    assert.equal(since("2026-03-01"), "2026-03-01T00:00:00.000Z");
    assert.equal(since("2026-03-01T14:30"), "2026-03-01T14:30:00.000Z");
    assert.equal(since("2026-03-01T14:30:00+02:00"), "2026-03-01T12:30:00.000Z");
  });

  it("wants JSON errors also for a broken line, and not after two dashes", () => {
    assert.equal(wantsJson(["stauts", "--json"]), true);
    assert.equal(wantsJson(["status", "--", "--json"]), false);
  });

  it("shows nothing that acts on the terminal", () => {
    const error = refusal(["status", "x", "--\u001b[31mred"]);
    assert.ok(!error.message.includes("\u001b"));
  });
});

describe("the table", () => {
  it("names only flags that exist in its rules, and parses its own defaults", () => {
    for (const name of commandNames) {
      const spec: CommandSpec = commandSpec(name);
      const mentioned = [...(spec.conflicts ?? []), ...(spec.needs ?? []), spec.oneOf ?? []].flat();
      for (const entry of mentioned)
        assert.ok((entry.split("=")[0] ?? "") in spec.flags, `${name} ${entry}`);
      for (const [key, flag] of Object.entries(spec.flags)) {
        if (flag.default !== undefined)
          assert.ok(parseValue(flag, flag.default).ok, flagToText(key));
        assert.ok(!flag.help.endsWith("."), flagToText(key));
      }
      assert.ok(spec.summary.length <= 62, name);
    }
  });
});

describe("any command line", () => {
  const word = fc.oneof(
    fc.constantFrom(...commandNames),
    fc.constantFrom(
      ...commandNames.flatMap((name) => Object.keys(commandSpec(name).flags).map(flagToText)),
    ),
    fc.constantFrom(
      "--",
      "-",
      "-v",
      "-h",
      "--help",
      "=",
      "--=",
      "--json=",
      "2M",
      "30s",
      "own",
      "7700",
      "/id",
      "0",
    ),
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.string({ maxLength: 8 }).map((text) => `--${text}`),
    fc
      .tuple(fc.constantFrom("--max-bytes", "--hub", "--since", "--bind"), fc.string())
      .map((pair) => pair.join("=")),
  );

  it("gives a command of the table or a Z1xx error with a hint", () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(word, { maxLength: 7 }), (argv) => {
        try {
          const found = parse(argv, { ZAMSYNC_DATA_DIR: "/x" });
          assert.ok(commandNames.includes(found.command));
          accepted++;
        } catch (error) {
          assert.ok(error instanceof ZamError, String(error));
          assert.ok(isZCode(error.code) && error.code.startsWith("Z1") && error.exitStatus === 2);
          assert.ok(error.hint.length > 0);
          assert.doesNotMatch(error.message, /\p{Cc}/u);
        }
      }),
      { numRuns: 3000 },
    );
    assert.ok(accepted > 0, "the generator never made a good line");
  });

  it("offers only spellings that parse", () => {
    const spec = commandSpec("sync").flags.maxBytes;
    const duration = commandSpec("sync").flags.timeout;
    assert.ok(spec !== undefined && duration !== undefined);
    for (const flag of [spec, duration]) {
      fc.assert(
        fc.property(fc.stringMatching(/^\d{1,6}(\.\d)? ?[kKmMgGsShHdDbB]{0,3}.?$/), (text) => {
          const result = parseValue(flag, text);
          if (result.ok || result.nearest === undefined) return;
          const again = parseValue(flag, result.nearest);
          // A spelling may be fine and the number still out of range; then the bound is offered.
          assert.ok(
            again.ok || (again.nearest !== undefined && parseValue(flag, again.nearest).ok),
            text,
          );
        }),
      );
    }
  });
});
