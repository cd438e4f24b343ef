/** A reader of the stream that does by hand what a browser does, and can stop reading. */
import { type ClientRequest, get, type IncomingMessage } from "node:http";

export interface Message {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

export interface StreamReader {
  readonly status: number;
  readonly messages: readonly Message[];
  /** What would be sent as Last-Event-ID. */
  readonly lastId: () => string | undefined;
  /** Comments and messages without data. */
  readonly heartbeats: () => number;
  readonly isEnded: () => boolean;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly close: () => void;
}

export function openStream(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<StreamReader> {
  return new Promise((resolve, reject) => {
    const request: ClientRequest = get(url, { headers, agent: false }, (response) =>
      resolve(read(request, response)),
    );
    request.on("error", reject);
  });
}

function read(request: ClientRequest, response: IncomingMessage): StreamReader {
  const messages: Message[] = [];
  // Pieces of a message that is not whole yet: joined once, however many chunks it takes.
  let pieces: string[] = [];
  let lastId: string | undefined;
  let heartbeats = 0;
  let isEnded = false;
  const take = (block: string): void => {
    const fields = new Map<string, string>();
    for (const line of block.split("\n")) {
      const [, name = "", value = ""] = /^([a-z]*): ?(.*)$/.exec(line) ?? [];
      fields.set(name, value);
    }
    const id = fields.get("id");
    lastId = id ?? lastId;
    const data = fields.get("data");
    if (data === undefined) heartbeats += fields.has("retry") ? 0 : 1;
    else messages.push({ id, event: fields.get("event") ?? "message", data });
  };
  response.setEncoding("utf8");
  response.on("data", (text: string) => {
    const isCutInHalf = text.startsWith("\n") && pieces.at(-1)?.endsWith("\n") === true;
    if (!isCutInHalf && !text.includes("\n\n")) {
      pieces.push(text);
      return;
    }
    const blocks = [...pieces, text].join("").split("\n\n");
    pieces = [blocks.pop() ?? ""];
    blocks.forEach(take);
  });
  const end = (): void => {
    isEnded = true;
  };
  response.on("end", end).on("close", end).on("error", end);
  return {
    status: response.statusCode ?? 0,
    messages,
    lastId: () => lastId,
    heartbeats: () => heartbeats,
    isEnded: () => isEnded,
    pause: () => response.pause(),
    resume: () => response.resume(),
    close: () => request.destroy(),
  };
}

/** Each is read once, though whoever waits asks again and again. */
const numbers = new WeakMap<Message, number>();

/** Payloads of the events among the messages, as numbers. */
export function numbersOf(messages: readonly Message[]): readonly number[] {
  return messages.filter(({ event }) => event === "message").map(numberOf);
}

function numberOf(message: Message): number {
  const known = numbers.get(message);
  if (known !== undefined) return known;
  const { payload } = JSON.parse(message.data) as { readonly payload: { readonly n: number } };
  numbers.set(message, payload.n);
  return payload.n;
}
