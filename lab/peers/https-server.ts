/**
 * The hub of the HTTPS peer: takes gzipped lines, and keeps each event once, under
 * clinic and number, so that a batch may be sent again. Answers once SQLite has it on
 * disk.
 */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";
import { answerRequests, scriptArgument } from "./script.ts";
import { serverTls } from "./tls-files.ts";

const { tls, database } = scriptArgument<{ readonly tls: string; readonly database: string }>();

const db = new DatabaseSync(database);
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE events (clinic TEXT, number INTEGER, payload TEXT, PRIMARY KEY (clinic, number));
`);
const insert = db.prepare("INSERT OR IGNORE INTO events VALUES (?, ?, ?)");
const count = db.prepare("SELECT count(*) AS held FROM events WHERE clinic = ?");

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Lines, numbered from `first` on; all of them or none. */
function store(clinic: string, first: number, lines: readonly string[]): void {
  db.exec("BEGIN");
  for (const [index, line] of lines.entries()) insert.run(clinic, first + index, line);
  db.exec("COMMIT");
}

const server = createServer(
  { ...serverTls(tls), keepAliveTimeout: 600_000 },
  (request, response) => {
    response.sendDate = false;
    const [, clinic = "", first = ""] = /^\/([\w-]+)\/(\d+)$/.exec(request.url ?? "") ?? [];
    bodyOf(request)
      .then((body) => {
        if (request.method === "POST")
          store(clinic, Number(first), gunzipSync(body).toString().split("\n").filter(Boolean));
        response.writeHead(204).end();
      })
      // A connection that broke off in the middle of a body: the clinic sends it again.
      .catch(() => response.destroy());
  },
);
server.listen(0, "127.0.0.1");
await once(server, "listening");
answerRequests<{ readonly clinic: string }>(
  { port: (server.address() as AddressInfo).port },
  async ({ clinic }) => ({ held: count.get(clinic)?.held }),
);
