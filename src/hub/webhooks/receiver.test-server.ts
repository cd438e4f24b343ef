/** A receiver of webhooks that checks every signature and answers as it is told. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export interface Received {
  readonly id: string;
  readonly n: number;
  readonly isSigned: boolean;
  readonly status: number;
}

export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** Numbers that were answered with 2xx, in their order. */
  readonly taken: () => readonly number[];
  /** Set as soon as the webhook is made. */
  secret: string;
  /** 0: cuts the connection without an answer. */
  answer: (n: number, times: number) => number;
  readonly close: () => Promise<void>;
}

export async function startReceiver(t: TestContext, port = 0): Promise<Receiver> {
  const received: Received[] = [];
  const times = new Map<number, number>();
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const { n } = (JSON.parse(body) as { readonly payload: { readonly n: number } }).payload;
      const count = (times.get(n) ?? 0) + 1;
      times.set(n, count);
      const status = receiver.answer(n, count);
      const id = String(request.headers["webhook-id"]);
      received.push({ id, n, status, isSigned: isSigned(receiver.secret, request, body) });
      if (status === 0) request.socket.destroy();
      else response.writeHead(status).end("x".repeat(10_000));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const bound = (server.address() as AddressInfo).port;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  t.after(close);
  const receiver: Receiver = {
    url: `http://127.0.0.1:${bound}/hook?key=hidden`,
    port: bound,
    received,
    taken: () => received.filter(({ status }) => status === 200).map(({ n }) => n),
    secret: "",
    answer: () => 200,
    close,
  };
  return receiver;
}

/** By the text of Standard Webhooks, not by our own code. */
function isSigned(secret: string, request: IncomingMessage, body: string): boolean {
  const {
    "webhook-id": id,
    "webhook-timestamp": time,
    "webhook-signature": given,
  } = request.headers;
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest();
  const signature = Buffer.from(String(given).replace(/^v1,/, ""), "base64");
  const ageS = Math.abs(Date.now() / 1000 - Number(time));
  return signature.length === expected.length && timingSafeEqual(signature, expected) && ageS < 60;
}
