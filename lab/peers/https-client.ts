/**
 * The clinic of the HTTPS peer: reads its log file from where the hub has confirmed
 * it, and posts what is new in gzipped batches over one connection that is kept. What
 * gets no answer is sent again after a second.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { constants, gzipSync } from "node:zlib";
import { retryDelayMs } from "./peer.ts";
import { answerRequests, scriptArgument } from "./script.ts";
import { clientTls } from "./tls-files.ts";

const { dir, clinic, address, batchEvents, tls } = scriptArgument<{
  readonly dir: string;
  readonly clinic: string;
  readonly address: string;
  readonly batchEvents: number;
  readonly tls: string;
}>();
const [host, port] = address.split(":");
const agent = new Agent({ ...clientTls(tls), keepAlive: true, maxSockets: 1 });
const confirmedPath = join(dir, "confirmed");

/** One exchange; anything but "no content" is a failure. */
function exchange(method: "GET" | "POST", path: string, body?: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const sending = request({ host, port, path, method, agent }, (response) => {
      response.resume();
      response.on("end", () =>
        response.statusCode === 204 ? resolve() : reject(new Error(`${response.statusCode}`)),
      );
    });
    sending.on("error", reject);
    sending.end(body);
  });
}

/** Goes on until an exchange succeeds: the hub keeps each event once, so a batch may go again. */
async function exchangeAtLast(...exchanged: Parameters<typeof exchange>): Promise<void> {
  for (;;) {
    try {
      return await exchange(...exchanged);
    } catch {
      // the link broke
      await sleep(retryDelayMs);
    }
  }
}

/** With nothing to send it asks whether there is anything for it, as ZamSync does. */
async function sync(): Promise<void> {
  const lines = readFileSync(join(dir, "events.ndjson"), "utf8").split("\n").filter(Boolean);
  let at = existsSync(confirmedPath) ? Number(readFileSync(confirmedPath, "utf8")) : 0;
  if (at === lines.length) await exchangeAtLast("GET", `/${clinic}`);
  while (at < lines.length) {
    const batch = lines.slice(at, at + batchEvents);
    const body = gzipSync(batch.join("\n"), { level: constants.Z_BEST_COMPRESSION });
    await exchangeAtLast("POST", `/${clinic}/${at + 1}`, body);
    at += batch.length;
    writeFileSync(confirmedPath, String(at));
  }
}

answerRequests({}, async () => {
  await sync();
  return { done: true };
});
