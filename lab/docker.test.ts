/** deploy/compose.test.yml is well-formed, and says nothing that the command or the Dockerfile does not know. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { parseCommandLine } from "../src/command/parse.ts";
import { projectRoot } from "./command.ts";
import { toxiproxyVersion } from "./toxiproxy.ts";

interface Service {
  readonly build: {
    readonly context: string;
    readonly dockerfile: string;
    readonly target: string;
  };
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const read = (path: string) => readFileSync(join(projectRoot, path), "utf8");
const { services, volumes } = parse(read("deploy/compose.test.yml")) as Compose;
const dockerfile = read("deploy/Dockerfile");

test("every service is built by a stage that exists, and waits for services that exist", () => {
  assert.deepEqual(Object.keys(services).sort(), ["clinic", "hub", "setup", "toxiproxy"]);
  const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\w+)$/gm)].map(([, name]) => name);
  for (const [name, service] of Object.entries(services)) {
    assert.ok(stages.includes(service.build.target), `${name}: ${service.build.target}`);
    assert.equal(service.build.context, "..");
    assert.ok(existsSync(join(projectRoot, service.build.dockerfile)));
    for (const other of Object.keys(service.depends_on ?? {})) assert.ok(other in services);
    for (const volume of service.volumes ?? []) assert.ok((volume.split(":")[0] ?? "") in volumes);
  }
});

test("every zamsync command in it parses", () => {
  const script = services.setup?.command?.[0] ?? "";
  const lines = script.split("\n").filter(Boolean);
  assert.equal(lines.length, 3);
  const commands = lines.map((line) => line.split(" ").slice(1));
  commands.push([...(services.hub?.command ?? [])]);
  for (const argv of commands) {
    const { command } = parseCommandLine(argv, {});
    assert.equal(command, argv[0]);
  }
  assert.throws(() => parseCommandLine(["serve", "--data-dir", "/data/hub", "--bund", "x"], {}));
});

test("the clinic's script and its options exist, and Toxiproxy is the version of the lab", () => {
  const [, script = ""] = services.clinic?.entrypoint ?? [];
  const text = read(script);
  const options = (services.clinic?.command ?? []).filter((word) => word.startsWith("--"));
  assert.ok(options.length >= 3);
  for (const option of options)
    assert.match(text, new RegExp(`\\b"?${option.slice(2)}"?: \\{ type: "string"`));
  assert.ok(dockerfile.includes(`toxiproxy/v2/cmd/server@${toxiproxyVersion}`));
});

test("what the Dockerfile copies before it installs is there", () => {
  const copied = [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, names = ""]) =>
    names.split(" "),
  );
  assert.ok(copied.length >= 5);
  for (const path of copied) assert.ok(existsSync(join(projectRoot, path)), path);
});
