/**
 * The hub's API as the page uses it. The token lives in this tab's session storage and
 * goes out as a header only, so no other page can use it, and closing the tab forgets it.
 */
import type { ClinicRow, Overview } from "../../overview/overview-types.ts";
import { streamText } from "./event-stream.ts";

const tokenKey = "zamsync-token";

export interface Bucket {
  fromMs: number;
  syncs: number;
  failures: number;
  eventsReceived: number;
  eventsSent: number;
  bytesReceived: number;
  bytesSent: number;
  durationMs: number;
  durationMaxMs: number;
}

export type Range = "day" | "month";

export interface HistoryAnswer {
  widthMs: number;
  since: string;
  now: string;
  buckets: Bucket[];
}

export interface SyncRow {
  endedAt: string;
  peer: string;
  durationMs: number;
  eventsReceived: number;
  eventsSent: number;
  bytesReceived: number;
  bytesSent: number;
  endedBy: string;
  code: string;
}

/** What the hub answered when it was not what was asked for. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly hint: string;

  constructor(status: number, text: string, hint: string) {
    super(text);
    this.status = status;
    this.hint = hint;
  }
}

export function readToken(): string {
  try {
    return sessionStorage.getItem(tokenKey) || "";
  } catch {
    return "";
  }
}

export function keepToken(token: string): void {
  try {
    if (token === "") sessionStorage.removeItem(tokenKey);
    else sessionStorage.setItem(tokenKey, token);
  } catch {
    // Storage may be switched off: the token then lasts until a reload.
  }
}

async function ask(path: string, token: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(path, {
    headers: { authorization: `Bearer ${token}` },
    credentials: "omit",
    cache: "no-store",
    ...(signal === undefined ? {} : { signal }),
  });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const code = problem.code === undefined ? "" : `${problem.code}: `;
  const text = `${code}${problem.detail || `the hub answered ${response.status}`}`;
  throw new ApiProblem(response.status, text, problem.hint || "");
}

async function getJson(path: string, token: string): Promise<unknown> {
  return (await ask(path, token)).json();
}

const nodeQuery = (node: string | undefined): string =>
  node === undefined ? "" : `&node=${encodeURIComponent(node)}`;

export function getHistory(token: string, range: Range, node?: string): Promise<HistoryAnswer> {
  return getJson(`/v1/history?range=${range}${nodeQuery(node)}`, token) as Promise<HistoryAnswer>;
}

export async function getSyncs(token: string, limit: number, node?: string): Promise<SyncRow[]> {
  const answer = await getJson(`/v1/syncs?limit=${limit}${nodeQuery(node)}`, token);
  return (answer as { syncs: SyncRow[] }).syncs;
}

interface News extends Overview {
  readonly isWhole: boolean;
}

const refreshMs = 5_000;

/**
 * Calls `onOverview` with everything, and again whenever something has changed, until
 * `signal` aborts. Rejects when the connection ends, or with ApiProblem.
 */
export async function followOverview(
  token: string,
  onOverview: (overview: Overview) => void,
  signal: AbortSignal,
): Promise<void> {
  const rows = new Map<string, ClinicRow>();
  const response = await ask("/v1/overview/stream", token, signal);
  if (response.body === null || response.body === undefined) {
    // A browser that cannot read an answer as it comes asks again instead.
    for (;;) {
      onOverview((await getJson("/v1/overview", token)) as Overview);
      await new Promise((resolve) => setTimeout(resolve, refreshMs));
      if (signal.aborted) return;
    }
  }
  await streamText(response.body, (data) => {
    const news = JSON.parse(data) as News;
    if (news.isWhole) rows.clear();
    for (const row of news.clinics) rows.set(row.node, row);
    onOverview({ ...news, clinics: Array.from(rows.values()) });
  });
  throw new Error("the hub ended the connection");
}
