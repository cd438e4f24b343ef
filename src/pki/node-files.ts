/** Names of the identity's files in a data directory. The log's are the log's own business. */
import { join } from "node:path";

export interface NodeFiles {
  readonly identity: string;
  readonly dataKey: string;
  readonly tls: string;
  readonly key: string;
  readonly csr: string;
  readonly certificate: string;
  readonly authorityCopy: string;
  readonly ticketKey: string;
  readonly tickets: string;
  readonly authority: string;
  readonly authorityKey: string;
  readonly authorityCertificate: string;
  readonly issued: string;
  readonly revoked: string;
  readonly http: string;
  readonly tokens: string;
  readonly httpKey: string;
  readonly httpCertificate: string;
}

export function nodeFiles(dir: string): NodeFiles {
  const tls = join(dir, "tls");
  const authority = join(dir, "ca");
  return {
    identity: join(dir, "node.json"),
    dataKey: join(dir, "keys", "data.key"),
    tls,
    key: join(tls, "node.key"),
    csr: join(tls, "node.csr"),
    certificate: join(tls, "node.crt"),
    authorityCopy: join(tls, "ca.crt"),
    ticketKey: join(tls, "ticket.key"),
    tickets: join(tls, "tickets"),
    authority,
    authorityKey: join(authority, "ca.key"),
    authorityCertificate: join(authority, "ca.crt"),
    issued: join(authority, "issued.jsonl"),
    revoked: join(authority, "revoked.jsonl"),
    http: join(dir, "http"),
    tokens: join(dir, "http", "tokens.jsonl"),
    httpKey: join(dir, "http", "server.key"),
    httpCertificate: join(dir, "http", "server.crt"),
  };
}
