/**
 * A real PostgreSQL server for tests: Debian's binaries, a cluster in a temporary
 * folder, a free port. It refuses to run as root, so under root it runs as another user.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { PostgresTarget } from "./target.ts";

const startMsMax = 30_000;

/** Folder of the newest server's binaries, or undefined. */
export function postgresBinaries(): string | undefined {
  const folders = [
    ...(existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql") : [])
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join("/usr/lib/postgresql", version, "bin")),
    "/usr/local/bin",
    "/usr/local/pgsql/bin",
  ];
  return folders.find((folder) => existsSync(join(folder, "initdb")));
}

/** Why these tests are skipped where they are; false where they run. */
export const skipsPostgres: string | false =
  postgresBinaries() === undefined
    ? "NOT TESTED: no PostgreSQL server is installed (Debian: postgresql)"
    : false;

export class TestPostgres {
  readonly port: number;
  private readonly folder: string;
  private readonly binaries: string;
  private readonly owner: { readonly uid?: number; readonly gid?: number };
  private server: ChildProcess | undefined;
  private databases = 0;

  private constructor(folder: string, binaries: string, port: number) {
    this.folder = folder;
    this.binaries = binaries;
    this.port = port;
    this.owner = ownerUnderRoot();
  }

  static async start(): Promise<TestPostgres> {
    const binaries = postgresBinaries();
    assert.ok(binaries !== undefined);
    const folder = mkdtempSync(join(tmpdir(), "zpg-"));
    const server = new TestPostgres(folder, binaries, await freePort());
    const { uid, gid } = server.owner;
    if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
    server.runOnce("initdb", ["-D", server.dataDir, "-U", "zamsync", "-A", "trust", "-N"]);
    await server.begin();
    return server;
  }

  get log(): string {
    return readFileSync(join(this.folder, "log"), "utf8");
  }

  /** Starts the server, again after `stop`; settings as postgresql.conf has them. */
  async begin(settings: readonly string[] = []): Promise<void> {
    const args = [
      ...["-D", this.dataDir, "-p", String(this.port), "-k", this.folder],
      ...["listen_addresses=127.0.0.1", "fsync=off", "logging_collector=off", ...settings].flatMap(
        (setting) => ["-c", setting],
      ),
    ];
    const log = join(this.folder, "log");
    this.server = spawn(
      "/bin/sh",
      ["-c", `exec "$0" "$@" >>${log} 2>&1`, join(this.binaries, "postgres"), ...args],
      { ...this.owner, cwd: this.folder, stdio: "ignore" },
    );
    const untilMs = performance.now() + startMsMax;
    for (;;) {
      try {
        this.sql("postgres", "SELECT 1");
        return;
      } catch (error) {
        if (performance.now() > untilMs || this.server.exitCode !== null)
          throw new Error(`PostgreSQL did not start: ${this.log}`, { cause: error });
        await sleep(100);
      }
    }
  }

  /** As a power cut would, or politely. */
  async stop(how: "SIGINT" | "SIGQUIT" = "SIGINT"): Promise<void> {
    const { server } = this;
    if (server === undefined || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill(how);
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A database of its own for each test. */
  makeDatabase(): PostgresTarget {
    const database = `test_${++this.databases}`;
    this.sql("postgres", `CREATE DATABASE ${database}`);
    return {
      kind: "postgres",
      host: "127.0.0.1",
      port: this.port,
      database,
      user: "zamsync",
      password: undefined,
      tls: "disable",
      caPath: undefined,
    };
  }

  /** What psql prints, a line a row. */
  sql(database: string, text: string): string {
    const args = ["-h", "127.0.0.1", "-p", String(this.port), "-U", "zamsync", "-d", database];
    return this.runOnce("psql", [...args, "-v", "ON_ERROR_STOP=1", "-qAtc", text]);
  }

  get dataDir(): string {
    return join(this.folder, "data");
  }

  private runOnce(name: string, args: readonly string[]): string {
    return execFileSync(join(this.binaries, name), args, {
      ...this.owner,
      cwd: this.folder,
      encoding: "utf8",
      env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8" },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }
}

function ownerUnderRoot(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  for (const name of ["postgres", "nobody"]) {
    const found = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, "m").exec(
      readFileSync("/etc/passwd", "utf8"),
    );
    if (found !== null) return { uid: Number(found[1]), gid: Number(found[2]) };
  }
  throw new Error("there is no user to run PostgreSQL as");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}
