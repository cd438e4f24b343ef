/** A hub that serves HTTP too, by the real command, and what the scenarios ask it. */
import type { TestContext } from "node:test";
import { jsonLines, runOk, type Serving, serveHub, summaryOf } from "./harness.ts";

export interface ServingHttp {
  readonly hub: Serving;
  /** "http://127.0.0.1:PORT" */
  readonly url: string;
  readonly port: number;
}

interface Listening {
  readonly event: string;
  readonly httpUrl: string;
}

/** `port` 0 picks one; a restarted hub takes the one that it had. */
export async function serveHttp(
  t: TestContext,
  dir: string,
  options: Parameters<typeof serveHub>[2] & { readonly httpPort?: number } = {},
): Promise<ServingHttp> {
  const { httpPort = 0, args = [], ...others } = options;
  const http = ["--http", `127.0.0.1:${httpPort}`, ...args];
  const hub = await serveHub(t, dir, { ...others, args: http });
  const { httpUrl = "" } =
    jsonLines<Listening>(hub.output().stdout).find(({ event }) => event === "listening") ?? {};
  return { hub, url: httpUrl, port: Number(new URL(httpUrl).port) };
}

export async function makeToken(
  dir: string,
  args: readonly string[] = [],
): Promise<{ readonly id: string; readonly token: string }> {
  return summaryOf(await runOk(["token", "create", "--data-dir", dir, "--json", ...args]));
}

export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}

/** "STATUS CODE" of an answer, the code empty where it is no problem. */
export async function verdictOf(answer: Response): Promise<string> {
  const code = /"code":"(Z\d+)"/.exec(await answer.text())?.[1] ?? "";
  return `${answer.status} ${code}`.trim();
}
