/** The one error of the client. Callers branch on `code`, never on text. */

/** Problem details as the hub sends them (RFC 9457). */
export interface Problem {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly hint: string;
  readonly retryable: boolean;
  readonly durable?: number;
}

export class HubError extends Error {
  /** A Z code of docs/errors.md; "network" when there was no answer. */
  readonly code: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** What to do next. */
  readonly hint: string;
  /** Whether the same call may succeed later with nothing changed by a person. */
  readonly isRetryable: boolean;
  /** Of a push of many: how many of the first events are durable. */
  readonly durable: number | undefined;
  /** That the hub asks to wait, ms. */
  readonly retryAfterMs: number | undefined;
  readonly cause: unknown;

  constructor(
    problem: Problem,
    more: { readonly retryAfterMs?: number; readonly cause?: unknown } = {},
  ) {
    super(problem.detail);
    this.name = "HubError";
    this.code = problem.code;
    this.status = problem.status;
    this.hint = problem.hint;
    this.isRetryable = problem.retryable;
    this.durable = problem.durable;
    this.retryAfterMs = more.retryAfterMs;
    this.cause = more.cause;
  }
}

/** No answer came, or it broke off. */
export function networkError(cause: unknown): HubError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new HubError(
    {
      code: "network",
      status: 0,
      detail: `the hub did not answer: ${detail}`,
      hint: "check the address and the link, then try again",
      retryable: true,
    },
    { cause },
  );
}

/** An answer that is not 2xx, whoever wrote it. */
export async function answerError(response: Response): Promise<HubError> {
  const retryAfterS = Number(response.headers.get("retry-after") ?? Number.NaN);
  const more = Number.isFinite(retryAfterS) ? { retryAfterMs: retryAfterS * 1000 } : {};
  const found = await problemIn(response);
  if (found !== undefined) return new HubError(found, more);
  // A proxy between: its page is no concern of the caller's.
  const { status } = response;
  return new HubError(
    {
      code: "network",
      status,
      detail: `the answer has status ${status} and is not the hub's`,
      hint: "check the address, and what stands between here and the hub",
      retryable: status === 429 || status >= 500,
    },
    more,
  );
}

async function problemIn(response: Response): Promise<Problem | undefined> {
  const type = response.headers.get("content-type") ?? "";
  if (!type.startsWith("application/problem+json")) return undefined;
  try {
    return (await response.json()) as Problem;
  } catch {
    return undefined;
  }
}
