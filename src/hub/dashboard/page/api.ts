/**
 * The hub's API as the page uses it. A token is typed in once and changed for a cookie
 * that scripts cannot read and other sites cannot send (`/v1/session`).
 */
import type { ClinicRow, Overview } from "../../overview/overview-types.ts";
import { streamText } from "./event-stream.ts";

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

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, { credentials: "same-origin", cache: "no-store", ...init });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const code = problem.code === undefined ? "" : `${problem.code}: `;
  const text = `${code}${problem.detail || `the hub answered ${response.status}`}`;
  throw new ApiProblem(response.status, text, problem.hint || "");
}

/** Rejects with ApiProblem when the hub does not take the token. */
export async function signIn(token: string): Promise<void> {
  await ask("/v1/session", { method: "POST", headers: { authorization: `Bearer ${token}` } });
}

export async function signOut(): Promise<void> {
  await ask("/v1/session", { method: "DELETE" });
}

async function getJson(path: string): Promise<unknown> {
  return (await ask(path)).json();
}

const nodeQuery = (node: string | undefined): string =>
  node === undefined ? "" : `&node=${encodeURIComponent(node)}`;

export function getHistory(range: Range, node?: string): Promise<HistoryAnswer> {
  return getJson(`/v1/history?range=${range}${nodeQuery(node)}`) as Promise<HistoryAnswer>;
}

export async function getSyncs(limit: number, node?: string): Promise<SyncRow[]> {
  const answer = await getJson(`/v1/syncs?limit=${limit}${nodeQuery(node)}`);
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
  onOverview: (overview: Overview) => void,
  signal: AbortSignal,
): Promise<void> {
  const rows = new Map<string, ClinicRow>();
  const response = await ask("/v1/overview/stream", { signal });
  if (response.body === null || response.body === undefined) {
    // A browser that cannot read an answer as it comes asks again instead.
    for (;;) {
      onOverview((await getJson("/v1/overview")) as Overview);
      await new Promise((resolve) => setTimeout(resolve, refreshMs));
      if (signal.aborted) return;
    }
  }
  await streamText(response.body, "overview", (data) => {
    const news = JSON.parse(data) as News;
    if (news.isWhole) rows.clear();
    for (const row of news.clinics) rows.set(row.node, row);
    onOverview({ ...news, clinics: Array.from(rows.values()) });
  });
  throw new Error("the hub ended the connection");
}
