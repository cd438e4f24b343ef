/** Where a projection goes, as typed: `sqlite:FILE` or `postgres://USER@HOST/DATABASE`. */
import { isIP } from "node:net";
import { resolve } from "node:path";
import { ZamError } from "../../core/errors/zam-error.ts";

/** How the connection to the database is protected; the names are libpq's. */
export type TlsMode = "disable" | "require" | "verify-ca" | "verify-full";

export interface SqliteTarget {
  readonly kind: "sqlite";
  readonly path: string;
}

export interface PostgresTarget {
  readonly kind: "postgres";
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string | undefined;
  /** Undefined: PGPASSWORD, or none. Never printed. */
  readonly password: string | undefined;
  readonly tls: TlsMode;
  /** PEM file of the CA to trust instead of the system's. */
  readonly caPath: string | undefined;
}

export type Target = SqliteTarget | PostgresTarget;

const parameters = ["sslmode", "sslrootcert"];
const tlsModes: readonly TlsMode[] = ["disable", "require", "verify-ca", "verify-full"];

/**
 * Beyond loopback TLS with a verified name is the default, because tables are plain text.
 *
 * @throws ZamError Z109, which never repeats what was typed: there may be a password in it
 */
export function parseTarget(text: string): Target {
  if (text.startsWith("sqlite:")) {
    const path = text.slice("sqlite:".length);
    if (path === "" || path.startsWith("//") || path.includes("\0"))
      throw malformed("after sqlite: comes the path of a file");
    return { kind: "sqlite", path: resolve(path) };
  }
  if (!/^postgres(ql)?:\/\//.test(text)) throw malformed("it begins with neither");
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw malformed("that is no URL");
  }
  for (const name of url.searchParams.keys())
    if (!parameters.includes(name))
      throw malformed(`only ${parameters.join(" and ")} may follow the question mark`);
  const host = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, "$1");
  const database = decodeURIComponent(url.pathname.slice(1));
  if (host === "") throw malformed("the URL names no host");
  if (database === "") throw malformed("the URL names no database");
  return {
    kind: "postgres",
    host,
    port: url.port === "" ? 5432 : Number(url.port),
    database,
    user: url.username === "" ? undefined : decodeURIComponent(url.username),
    password: url.password === "" ? undefined : decodeURIComponent(url.password),
    tls: tlsModeOf(url.searchParams.get("sslmode"), host),
    caPath: url.searchParams.get("sslrootcert") ?? undefined,
  };
}

/** What may be printed and stored: no password. */
export function targetToText(target: Target): string {
  if (target.kind === "sqlite") return `sqlite:${target.path}`;
  const { host, port, database, user } = target;
  const name = isIP(host) === 6 ? `[${host}]` : host;
  const who = user === undefined ? "" : `${encodeURIComponent(user)}@`;
  return `postgres://${who}${name}:${port}/${encodeURIComponent(database)}`;
}

function tlsModeOf(text: string | null, host: string): TlsMode {
  if (text === null) return isLoopback(host) ? "disable" : "verify-full";
  const mode = tlsModes.find((name) => name === text);
  if (mode === undefined) throw malformed(`sslmode is one of ${tlsModes.join(", ")}`);
  return mode;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function malformed(problem: string): ZamError {
  return new ZamError("Z109", { problem });
}
