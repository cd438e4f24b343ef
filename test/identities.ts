/** A hub and its clinics in a scratch directory, for tests that need real certificates. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Credentials,
  createIdentity,
  readCredentials,
  signCsr,
  writeBesideCsr,
} from "../src/pki/index.ts";

export interface Scratch {
  readonly dir: string;
  remove(): void;
}

export function createScratch(): Scratch {
  const dir = mkdtempSync(join(tmpdir(), "zamsync-test-"));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Makes a hub at `dir`, named after the directory unless told otherwise. */
export async function createHub(dir: string, nodeId?: string): Promise<Credentials> {
  const nowMs = Date.now();
  await createIdentity({ dir, nodeId, role: "hub", nowMs });
  return readCredentials(dir, nowMs);
}

/** Makes a clinic at `dir`, signed by the hub. `nowMs` is the hub's clock when it signs. */
export async function createClinic(
  dir: string,
  input: { readonly hubDir: string; readonly nowMs?: number; readonly days?: number },
): Promise<Credentials> {
  const nowMs = input.nowMs ?? Date.now();
  await createIdentity({ dir, nowMs });
  await sign(dir, { hubDir: input.hubDir, nowMs, days: input.days });
  return readCredentials(dir, nowMs);
}

export async function sign(
  dir: string,
  input: { readonly hubDir: string; readonly nowMs: number; readonly days?: number | undefined },
): Promise<void> {
  const csrPath = join(dir, "tls", "node.csr");
  const csrPem = readFileSync(csrPath, "utf8");
  const { hubDir, nowMs, days } = input;
  writeBesideCsr(csrPath, await signCsr({ hubDir, csrPem, csrPath, nowMs, days }));
}
