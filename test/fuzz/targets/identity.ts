/** Keys, certificates, requests, bundles, and the books of the CA. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNode, installBundle, signNode } from "../../../src/engine/index.ts";
import { readAuthority } from "../../../src/pki/authority.ts";
import {
  certificateInfo,
  createAcceptingJudge,
  createConnectingJudge,
  parseCertificate,
} from "../../../src/pki/certificate.ts";
import { decodeDataKey, encodeDataKey } from "../../../src/pki/data-key.ts";
import { listIssued, listRevoked, readIdentity } from "../../../src/pki/index.ts";
import { readCsr } from "../../../src/pki/x509.ts";
import { codeOf, codeOfAsync, type FuzzTarget, refused } from "../fuzz-target.ts";

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const pem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString("base64")}\n-----END ${label}-----\n`;
const derOf = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(/-----[^-]+-----|\s/g, ""), "base64"));

/** A hub and a clinic made for the purpose, as everything starts from real keys and certificates. */
export async function identityTargets(): Promise<readonly FuzzTarget[]> {
  const scratch = mkdtempSync(join(tmpdir(), "zf-"));
  process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
  const hub = join(scratch, "hub");
  const clinic = join(scratch, "clinic");
  await createNode({ dir: hub, isHub: true });
  await createNode({ dir: clinic });
  const csrPath = join(clinic, "tls", "node.csr");
  const outPath = join(scratch, "bundle");
  await signNode({ csrPath, hubDir: hub, outPath });
  const bundle = readFileSync(outPath);
  const certificate = derOf(readFileSync(outPath, "latin1").split("-----END")[0] ?? "");
  const csr = derOf(readFileSync(csrPath, "latin1"));
  const { certificate: authority } = readAuthority(hub);
  const nowMs = (): number => 1_800_000_000_000;
  const isRevoked = (): boolean => false;
  const judges = [
    createAcceptingJudge({ authority, nowMs, isRevoked }),
    createConnectingJudge({ authority, nowMs, expectedHubId: "hub" }),
  ];
  const files = fileTargets(hub, clinic);
  return [
    {
      name: "certificates",
      samples: [certificate, new Uint8Array(authority.raw)],
      run: (bytes) => {
        const parsed = parseCertificate(pem("CERTIFICATE", bytes));
        if (parsed === undefined) return refused;
        const verdicts = judges.map((judge) => judge(parsed, "192.0.2.1").kind);
        return `${verdicts.join()} ${codeOf(() => certificateInfo(parsed, nowMs())?.role ?? "nobody")}`;
      },
    },
    {
      name: "requests",
      samples: [csr],
      shortRuns: 100,
      run: async (bytes) => {
        const content = await readCsr(pem("CERTIFICATE REQUEST", bytes));
        return typeof content === "string" ? content : "accepted";
      },
    },
    {
      name: "bundles",
      inputBytesMax: 3000,
      samples: [bundle],
      shortRuns: 200,
      run: (bytes) => {
        const path = join(scratch, "bent");
        writeFileSync(path, bytes);
        return codeOfAsync(
          async () => void (await installBundle({ bundlePath: path, dataDir: clinic })),
        );
      },
    },
    {
      name: "data keys",
      samples: [Buffer.from(encodeDataKey(new Uint8Array(32).fill(5)))],
      run: (bytes) => codeOf(() => void decodeDataKey(textOf(bytes), "x")),
    },
    ...files,
  ];
}

/** Small files that are read back: any content gives rows or a code. */
function fileTargets(hub: string, clinic: string): readonly FuzzTarget[] {
  const row =
    '{"nodeId":"a","serial":"01","fingerprint":"00","role":"clinic","notAfter":"2030-01-01T00:00:00.000Z","issuedAt":"2026-01-01T00:00:00.000Z"}\n';
  const books = [
    { name: "issued book", path: join(hub, "ca", "issued.jsonl"), read: () => listIssued(hub) },
    { name: "revoked book", path: join(hub, "ca", "revoked.jsonl"), read: () => listRevoked(hub) },
    { name: "identities", path: join(clinic, "node.json"), read: () => [readIdentity(clinic)] },
  ];
  return books.map(({ name, path, read }) => ({
    name,
    samples: [contentOf(path), Buffer.from(row)].map((bytes) => new Uint8Array(bytes)),
    run: (bytes) => {
      const before = contentOf(path);
      writeFileSync(path, bytes);
      try {
        return codeOf(() => (read().length > 0 ? "rows" : "empty"));
      } finally {
        writeFileSync(path, before);
      }
    },
  }));
}

function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    // Not made yet: an empty book.
    return Buffer.alloc(0);
  }
}
