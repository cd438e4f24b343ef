/** The hub's HTTP API for programs, in Node and in browsers: nothing but fetch and streams. */
import { answerError, HubError } from "./error.ts";
import { follow, type FollowQuery } from "./follow.ts";
import { HubHttp, type HubClientOptions, queryText } from "./http.ts";
import type {
  EventPage,
  Health,
  HubEvent,
  HubNode,
  PullQuery,
  PushedEvent,
  PushedMany,
  PushItem,
  PushOptions,
  VectorLine,
} from "./types.ts";

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Every method rejects with a HubError. Failures that may pass are tried again first; a push
 * goes under an idempotency key, so that it is one event however often it is tried.
 *
 * @example
 * const hub = createHubClient({ url: "http://127.0.0.1:8080", token });
 * await hub.push({ patient_id: "BT-0042", pulse: 72 });
 * for await (const event of hub.follow({ type: 3 })) console.log(event.payload);
 */
export interface HubClient {
  /** Resolves when it is durable. A `Uint8Array` is stored as it is, anything else as its JSON. */
  push(payload: unknown, options?: PushOptions & CallOptions): Promise<PushedEvent>;
  /** At most 10,000, and 8 MiB in all. `error.durable` says how many of the first ones are stored when it fails. */
  pushMany(items: readonly PushItem[], options?: CallOptions): Promise<PushedMany>;
  /** One page. */
  pull(query?: PullQuery & CallOptions): Promise<EventPage>;
  /** All that is there after `since`, page by page; ends at the newest event. */
  events(query?: PullQuery & CallOptions): AsyncGenerator<HubEvent>;
  /** What is there, and then what comes. Goes on after cuts; ends with the signal. */
  follow(query?: FollowQuery): AsyncGenerator<HubEvent>;
  /** Undefined when it is not here. */
  event(
    name: Pick<HubEvent, "node" | "epoch" | "lane" | "seq">,
    options?: CallOptions,
  ): Promise<HubEvent | undefined>;
  nodes(options?: CallOptions): Promise<readonly HubNode[]>;
  vector(options?: CallOptions): Promise<readonly VectorLine[]>;
  /** Also when the hub is not well: then `status` says so. */
  health(options?: CallOptions): Promise<Health>;
}

export function createHubClient(options: HubClientOptions): HubClient {
  const http = new HubHttp(options);
  return {
    push: (payload, given = {}) => push(http, payload, given),
    pushMany: (items, given = {}) => pushMany(http, items, given),
    pull: ({ signal, ...query } = {}) =>
      http.json(`/v1/events${queryText({ ...query })}`, optional(signal)),
    events: (query = {}) => events(http, query),
    follow: (query = {}) => follow(http, query),
    event: (name, given = {}) => event(http, name, given),
    nodes: async ({ signal } = {}) => {
      const answer = await http.json<{ readonly nodes: readonly HubNode[] }>(
        "/v1/nodes",
        optional(signal),
      );
      return answer.nodes;
    },
    vector: async ({ signal } = {}) => {
      const answer = await http.json<{ readonly vector: readonly VectorLine[] }>(
        "/v1/vector",
        optional(signal),
      );
      return answer.vector;
    },
    health: async ({ signal } = {}) => health(http, signal),
  };
}

function optional(signal: AbortSignal | undefined): RequestInit {
  return signal === undefined ? {} : { signal };
}

async function push(
  http: HubHttp,
  payload: unknown,
  options: PushOptions & CallOptions,
): Promise<PushedEvent> {
  const { type, lane, to, urgent, id = randomKey(), signal } = options;
  if (!isHeaderText.test(id)) {
    const { events } = await pushMany(http, [{ payload, type, lane, to, urgent, id }], { signal });
    return events[0] as PushedEvent;
  }
  const isBytes = payload instanceof Uint8Array;
  return http.json(`/v1/events${queryText({ type, lane, to, urgent })}`, {
    method: "POST",
    headers: {
      "content-type": isBytes ? "application/octet-stream" : "application/json",
      "idempotency-key": id,
    },
    body: isBytes ? new Uint8Array(payload) : jsonText(payload),
    ...optional(signal),
  });
}

/** What a header carries as it is: ASCII, no blank at an end, no quotes of a structured field. */
const isHeaderText = /^[!#-~](?:[ !#-~]*[!#-~])?$/;

async function pushMany(
  http: HubHttp,
  items: readonly PushItem[],
  { signal }: CallOptions,
): Promise<PushedMany> {
  const lines = items.map(({ payload, id = randomKey(), ...place }) => {
    const head = JSON.stringify({ ...place, id }).slice(0, -1);
    return payload instanceof Uint8Array
      ? `${head},"payloadBase64":"${bytesToBase64(payload)}"}`
      : `${head},"payload":${jsonText(payload)}}`;
  });
  return http.json("/v1/events/batch", {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: lines.join("\n"),
    ...optional(signal),
  });
}

async function* events(
  http: HubHttp,
  { signal, limit, ...query }: PullQuery & CallOptions,
): AsyncGenerator<HubEvent> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  for (let { since } = query; left > 0; ) {
    const asked = { ...query, since, limit: Math.min(left, 1000) };
    const page = await http.json<EventPage>(`/v1/events${queryText(asked)}`, optional(signal));
    yield* page.events;
    left -= page.events.length;
    since = page.cursor;
    if (page.isEnd) return;
  }
}

async function event(
  http: HubHttp,
  name: Pick<HubEvent, "node" | "epoch" | "lane" | "seq">,
  { signal }: CallOptions,
): Promise<HubEvent | undefined> {
  const { node, epoch, seq, lane } = name;
  const path = [node, epoch, String(seq)].map(encodeURIComponent).join("/");
  try {
    return await http.json(`/v1/events/${path}${queryText({ lane })}`, optional(signal));
  } catch (error) {
    if (error instanceof HubError && error.status === 404) return undefined;
    throw error;
  }
}

/** Its answer is the same object with either status. */
async function health(http: HubHttp, signal: AbortSignal | undefined): Promise<Health> {
  const response = await http.answer("/health/ready", optional(signal));
  if (response.ok || response.status === 503) return (await response.json()) as Health;
  throw await answerError(response);
}

/** @throws TypeError for what JSON cannot say (undefined, a function) */
function jsonText(payload: unknown): string {
  const text: string | undefined = JSON.stringify(payload);
  if (text === undefined) throw new TypeError("the payload is nothing that JSON can say");
  return text;
}

/** 128 random bits as hex; `crypto.randomUUID` is missing in pages without TLS. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesToBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** The bytes of an event's payload, whichever way it came. JSON that was parsed is printed anew. */
export function payloadBytes(found: Pick<HubEvent, "payload" | "payloadBase64">): Uint8Array {
  const { payloadBase64 } = found;
  if (payloadBase64 === undefined) return new TextEncoder().encode(jsonText(found.payload));
  return Uint8Array.from(atob(payloadBase64), (character) => character.charCodeAt(0));
}
