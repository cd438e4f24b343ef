/** deploy/install.sh against a server of its own: what fits is installed, what does not is refused. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { architectures } from "../../scripts/edge/architectures.ts";
import { buildRelease } from "../../scripts/edge/release.ts";
import { hasTool, MissingError } from "../../scripts/edge/run.ts";

const script = fileURLToPath(new URL("../../deploy/install.sh", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "zamsync-install-"));
const release = join(folder, "release");
let missing = "";
let server: Server | undefined;
let url = "";

before(async () => {
  if (!hasTool("curl") && !hasTool("wget")) {
    missing = "neither curl nor wget is here";
    return;
  }
  const { x86_64 } = architectures;
  if (process.arch !== "x64" || x86_64 === undefined) {
    missing = `no release is built here for ${process.arch}`;
    return;
  }
  try {
    await buildRelease(x86_64, release);
  } catch (error) {
    if (!(error instanceof MissingError)) throw error;
    missing = error.message;
    return;
  }
  server = createServer((request, response) => {
    const path = join(folder, decodeURIComponent(request.url ?? ""));
    if (existsSync(path)) response.end(readFileSync(path));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

function install(
  args: readonly string[],
): Promise<{ readonly status: number | null; readonly text: string }> {
  const child = spawn("sh", [script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part: Buffer) => {
      text += part.toString();
    });
  return new Promise((resolve) => child.on("close", (status) => resolve({ status, text })));
}

describe("deploy/install.sh", { concurrency: 1 }, () => {
  test("installs the executable for this machine", async (t) => {
    if (missing !== "") return t.skip(missing);
    const to = join(folder, "bin");
    const done = await install(["--from", `${url}/release`, "--to", to]);
    assert.equal(done.status, 0, done.text);
    assert.match(done.text, /installed zamsync \d+\.\d+\.\d+ for x86_64/);
    const placed = readFileSync(join(to, "zamsync-edge"));
    assert.deepEqual(placed, readFileSync(join(release, "zamsync-edge-x86_64")));
  });

  test("leaves what is there when the new file was changed on the way", async (t) => {
    if (missing !== "") return t.skip(missing);
    const bad = join(folder, "bad");
    const to = join(folder, "kept");
    mkdirSync(bad);
    mkdirSync(to);
    writeFileSync(join(to, "zamsync-edge"), "the old one");
    writeFileSync(join(bad, "SHA256SUMS"), readFileSync(join(release, "SHA256SUMS")));
    const changed = readFileSync(join(release, "zamsync-edge-x86_64"));
    changed[5000] = (changed[5000] ?? 0) ^ 1;
    writeFileSync(join(bad, "zamsync-edge-x86_64"), changed);
    const done = await install(["--from", `${url}/bad`, "--to", to]);
    assert.equal(done.status, 1);
    assert.match(done.text, /not what SHA256SUMS says/);
    assert.equal(readFileSync(join(to, "zamsync-edge"), "utf8"), "the old one");
  });

  test("says what is missing", async (t) => {
    if (missing !== "") return t.skip(missing);
    const nowhere = await install(["--from", `${url}/nowhere`, "--to", join(folder, "none")]);
    assert.equal(nowhere.status, 1);
    assert.match(nowhere.text, /SHA256SUMS cannot be fetched/);
    const unsaid = await install(["--to", join(folder, "none")]);
    assert.match(unsaid.text, /--from URL/);
    const unknown = await install(["--form", url]);
    assert.match(unknown.text, /unknown argument --form/);
  });
});
