/**
 * The hub of the PouchDB peer: as much of CouchDB's replication protocol
 * (docs.couchdb.org, "CouchDB Replication Protocol") as a pushing PouchDB uses, over
 * TLS, on SQLite. Answers once a batch is on disk. Smaller headers than CouchDB's own.
 */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { answerRequests, scriptArgument } from "./script.ts";
import { serverTls } from "./tls-files.ts";

interface Document {
  readonly _id: string;
  readonly _rev: string;
}

const { tls, database } = scriptArgument<{ readonly tls: string; readonly database: string }>();

const db = new DatabaseSync(database);
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE docs (db TEXT, id TEXT, rev TEXT, body TEXT, PRIMARY KEY (db, id, rev));
  CREATE TABLE locals (db TEXT, id TEXT, body TEXT, PRIMARY KEY (db, id));
`);
const insertDoc = db.prepare("INSERT OR IGNORE INTO docs VALUES (?, ?, ?, ?)");
const findDoc = db.prepare("SELECT 1 FROM docs WHERE db = ? AND id = ? AND rev = ?");
const countDocs = db.prepare("SELECT count(*) AS held FROM docs WHERE db = ?");
const putLocal = db.prepare("INSERT OR REPLACE INTO locals VALUES (?, ?, ?)");
const getLocal = db.prepare("SELECT body FROM locals WHERE db = ? AND id = ?");

/** Status and body; a body that is a string is JSON already. */
type Answer = readonly [status: number, body: unknown];

function answer(method: string, path: string, body: string): Answer {
  const [name = "", kind = "", id = ""] = path.split("/").slice(1);
  switch (`${method} ${kind}`) {
    case "GET ":
      return [
        200,
        { db_name: name, update_seq: Number(countDocs.get(name)?.held), instance_start_time: "0" },
      ];
    case "PUT ":
      return [201, { ok: true }];
    case "GET _local":
      return localOf(name, id);
    case "PUT _local":
      putLocal.run(name, id, JSON.stringify({ ...JSON.parse(body), _rev: "0-1" }));
      return [201, { ok: true, id: `_local/${id}`, rev: "0-1" }];
    case "POST _revs_diff":
      return [200, missingOf(name, JSON.parse(body) as Record<string, string[]>)];
    case "POST _bulk_docs":
      storeAll(name, (JSON.parse(body) as { readonly docs: readonly Document[] }).docs);
      return [201, []];
    default:
      return [404, { error: "not_found" }];
  }
}

function localOf(name: string, id: string): Answer {
  const row = getLocal.get(name, id);
  return row === undefined ? [404, { error: "not_found", reason: "missing" }] : [200, row.body];
}

function missingOf(name: string, asked: Readonly<Record<string, readonly string[]>>): unknown {
  const missing: Record<string, { missing: string[] }> = {};
  for (const [id, revs] of Object.entries(asked)) {
    const lacking = revs.filter((rev) => findDoc.get(name, id, rev) === undefined);
    if (lacking.length > 0) missing[id] = { missing: lacking };
  }
  return missing;
}

function storeAll(name: string, docs: readonly Document[]): void {
  db.exec("BEGIN");
  for (const doc of docs) insertDoc.run(name, doc._id, doc._rev, JSON.stringify(doc));
  db.exec("COMMIT");
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const server = createServer(
  { ...serverTls(tls), keepAliveTimeout: 600_000 },
  (request, response) => {
    response.sendDate = false;
    const path = decodeURIComponent((request.url ?? "").split("?")[0] ?? "").replace(/\/$/, "");
    bodyOf(request)
      .then((text) => {
        const [status, body] = answer(request.method ?? "", path, text);
        const json = typeof body === "string" ? body : JSON.stringify(body);
        response.writeHead(status, { "content-type": "application/json" }).end(json);
      })
      // A connection that broke off in the middle of a body: the replicator sends it again.
      .catch(() => response.destroy());
  },
);
server.listen(0, "127.0.0.1");
await once(server, "listening");
answerRequests<{ readonly clinic: string }>(
  { port: (server.address() as AddressInfo).port },
  async ({ clinic }) => ({ held: countDocs.get(clinic)?.held }),
);
