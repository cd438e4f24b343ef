/** Requests with a token, tried again where that can help. */
import { answerError, HubError, networkError } from "./error.ts";

export interface HubClientOptions {
  /** Of the hub, such as "https://hub.example:8443"; in the hub's own pages "" will do. */
  readonly url: string;
  /** From `zamsync token create`; in the hub's own pages the browser's cookie will do. */
  readonly token?: string;
  /** Default: the platform's. */
  readonly fetch?: typeof fetch;
  /** How often a request is tried again after a failure that may pass. Default 4: about 8 s. */
  readonly retries?: number;
}

const backoffMinMs = 500;
const backoffMaxMs = 30_000;

export class HubHttp {
  private readonly options: HubClientOptions;
  private readonly base: string;

  constructor(options: HubClientOptions) {
    this.options = options;
    this.base = options.url.replace(/\/+$/, "");
  }

  /** One try, whatever its status. Rejects with a HubError, or with the signal's reason. */
  async answer(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const { token, fetch: send = fetch } = this.options;
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    try {
      return await send(`${this.base}${path}`, { ...init, headers });
    } catch (cause) {
      if (init.signal?.aborted === true) throw init.signal.reason;
      throw networkError(cause);
    }
  }

  /** One try that must succeed. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await this.answer(path, init);
    if (response.ok) return response;
    throw await answerError(response);
  }

  /** Tries again after failures that may pass. Only for requests that may be made twice. */
  async json<T>(path: string, init: RequestInit = {}): Promise<T> {
    const { retries = 4 } = this.options;
    for (let tries = 0; ; tries++) {
      try {
        const response = await this.fetch(path, init);
        return await bodyOf<T>(response);
      } catch (error) {
        if (!(error instanceof HubError) || !error.isRetryable || tries >= retries) throw error;
        await pause(error.retryAfterMs ?? backoffMs(tries), init.signal ?? undefined);
      }
    }
  }
}

async function bodyOf<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (cause) {
    throw networkError(cause);
  }
}

/** Doubles with each try, with jitter, so that many clients do not come back in step. */
export function backoffMs(tries: number): number {
  const limitMs = Math.min(backoffMaxMs, backoffMinMs * 2 ** tries);
  return limitMs / 2 + (Math.random() * limitMs) / 2;
}

/** Rejects with the signal's reason. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}

export function queryText(
  query: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) found.set(name, String(value));
  const text = found.toString();
  return text === "" ? "" : `?${text}`;
}
