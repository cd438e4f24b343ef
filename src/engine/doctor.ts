/**
 * `doctor`: reads everything it can, changes nothing, and says for each thing it
 * finds what is wrong and what to do.
 *
 * Invariant: no byte, no name and no time in the directory changes. It takes no
 * lock and leaves repairs to the next opening. When a process has the node open,
 * that process reads the log; else it is opened for reading only. A log that does
 * not open is looked at file by file, by what needs no key.
 */
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { counted } from "../core/counted.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import { FileFault } from "../core/ports.ts";
import { readDataKey, readIdentity } from "../pki/index.ts";
import { probeLock } from "../storage/directory-lock.ts";
import { NodeStore } from "../storage/node-store.ts";
import { RpcClient } from "../storage/rpc-client.ts";
import type { DoctorReport, NodeApi } from "./api.ts";
import { examineDisk, examineIdentity, examinePeers } from "./doctor-directory.ts";
import { Findings } from "./doctor-findings.ts";
import { examineFiles } from "./doctor-files.ts";
import { examineNode } from "./doctor-node.ts";
import { LocalNode } from "./local-node.ts";
import { findDataKey, openDirectory } from "./open-log.ts";
import { RemoteNode } from "./remote-node.ts";

export interface ExamineInput {
  readonly dataDir: string;
  readonly keyFile?: string | undefined;
}

const lostOwnerCodes: ReadonlySet<string> = new Set(["Z210", "Z412"]);

/** Throws Z305 when there is no node at all, Z321 when this user may not enter the directory; everything else is a finding. */
export async function examine(input: ExamineInput): Promise<DoctorReport> {
  const dataDir = resolve(input.dataDir);
  const first = await examineOnce({ ...input, dataDir });
  if (first.exit === 0) return first;
  if (first.isRunning) {
    // The process went away while it was asked: what it left is looked at instead.
    const wasLost = first.findings.some(({ code }) => lostOwnerCodes.has(code));
    return wasLost ? examineOnce({ ...input, dataDir }) : first;
  }
  // A writer that came by in the middle makes a reader see half of what it did.
  const owner = await connectQuietly(dataDir);
  owner?.close();
  return owner === undefined ? first : examineOnce({ ...input, dataDir });
}

async function examineOnce(input: ExamineInput): Promise<DoctorReport> {
  const { dataDir, keyFile } = input;
  const found = new Findings();
  const nodeId = identityOf(dataDir, found);
  const { dataKey, formerKey } = keysOf({ dataDir, keyFile }, nodeId, found);
  found.checked("data key", dataKey === undefined ? "cannot be used" : "found");
  examineIdentity(dataDir, found);
  const owner = await ownerOf(dataDir, found);
  const log = join(dataDir, "log");
  if (!existsSync(log)) found.error("failure", new ZamError("Z201", { path: dataDir }));
  else {
    const node = owner ?? openForReading(input, found, nodeId, dataKey);
    if (node !== undefined) await examineOpened(node, found);
    await examineFiles(
      {
        directory: log,
        nodeId,
        dataKey,
        formerKey,
        isRunning: owner !== undefined,
        isOpened: node !== undefined,
      },
      found,
    );
  }
  if (dataKey !== undefined) examinePeers(dataDir, { dataKey, formerKey }, found);
  examineDisk(dataDir, { isRunning: owner !== undefined }, found);
  return found.report(nodeId ?? null, owner !== undefined);
}

/** The key that fits; or, where none does, the one that was named, to say what it does not fit. */
function keysOf(
  input: Pick<ExamineInput, "dataDir" | "keyFile">,
  nodeId: string | undefined,
  found: Findings,
): { readonly dataKey: Uint8Array | undefined; readonly formerKey: Uint8Array | undefined } {
  const { dataDir, keyFile } = input;
  const log = join(dataDir, "log");
  if (nodeId !== undefined && existsSync(log)) {
    try {
      const { bytes, formerKey } = findDataKey(input, new NodeStore(log), nodeId);
      return { dataKey: bytes, formerKey };
    } catch (error) {
      // Named by who reads the log below.
      if (!(error instanceof ZamError || error instanceof FileFault)) throw error;
    }
  }
  const dataKey = found.attempt("failure", () =>
    readDataKey({ dir: dataDir, keyFile, env: process.env }),
  );
  return { dataKey, formerKey: undefined };
}

function identityOf(dataDir: string, found: Findings): string | undefined {
  try {
    return readIdentity(dataDir).nodeId;
  } catch (error) {
    if (!(error instanceof ZamError)) throw error;
    // Nothing here that ever was a node: the wrong directory was named.
    if (error.code === "Z305" && !existsSync(join(dataDir, "log"))) throw error;
    // Only others may enter it: from outside everything looks missing.
    if (error.code === "Z321" && !isOpen(dataDir)) throw error;
    found.error("failure", error);
    return undefined;
  }
}

function isOpen(directory: string): boolean {
  try {
    readdirSync(directory);
    return true;
  } catch {
    return false;
  }
}

/** The process that has the node open, if it answers. */
async function ownerOf(dataDir: string, found: Findings): Promise<NodeApi | undefined> {
  const owner = await connectQuietly(dataDir, (error) => found.error("attention", error));
  if (owner !== undefined) {
    found.checked("owner", "a process has the node open, and answers");
    return new RemoteNode(owner);
  }
  const lock = found.attempt("attention", () => probeLock(dataDir)) ?? "unusable";
  if (lock === "held") found.error("attention", new ZamError("Z222", { path: dataDir }));
  found.checked("owner", lock === "held" ? "locked by a process that does not answer" : "none");
  return undefined;
}

async function connectQuietly(
  dataDir: string,
  onProblem: (error: ZamError) => void = () => undefined,
): Promise<RpcClient | undefined> {
  try {
    return await RpcClient.connect(dataDir);
  } catch (error) {
    if (!(error instanceof ZamError)) throw error;
    onProblem(error);
    return undefined;
  }
}

function openForReading(
  input: ExamineInput,
  found: Findings,
  nodeId: string | undefined,
  dataKey: Uint8Array | undefined,
): NodeApi | undefined {
  if (nodeId === undefined || dataKey === undefined) return undefined;
  return found.attempt("failure", () => {
    const { dataDir, keyFile } = input;
    const opened = openDirectory({ dataDir, keyFile, isReadOnly: true });
    const { needsWriter, tornBytes, reports } = opened.recovery;
    for (const report of reports) {
      if (report.code !== "Z209") found.error("failure", report);
      // Damaged ranges that held events are named below, with what they held.
      else if (report.context.count === 0) found.error("note", withoutEvents(report));
    }
    if (tornBytes > 0)
      found.error(
        "note",
        new ZamError("Z218", { problem: `it ends in ${counted(tornBytes, "torn byte")}` }),
      );
    else if (needsWriter && reports.length === 0)
      found.error("note", new ZamError("Z218", { problem: "its end was not proven durable yet" }));
    return new LocalNode(dataDir, opened, undefined);
  });
}

/** Marks and aliases stand elsewhere too: what is lost with them is nothing. */
function withoutEvents(damage: ZamError): ZamError {
  const { path = "", from = 0, to = 0 } = damage.context;
  const problem = `${Number(to) - Number(from)} damaged bytes, which held no event`;
  return new ZamError("Z216", { path: `log/${path}`, offset: from, problem });
}

async function examineOpened(node: NodeApi, found: Findings): Promise<void> {
  try {
    await examineNode(node, found);
  } catch (error) {
    if (!(error instanceof ZamError)) throw error;
    found.error("failure", error);
  } finally {
    await node.close();
  }
}
