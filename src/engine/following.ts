/**
 * The log in order of arrival for a process that does not own it and takes no
 * lock: through the owner while there is one, else read from the files as they
 * are, again and again. Owners come and go meanwhile.
 *
 * A reader of files may not be overtaken by a writer that removes segments. They are
 * removed only after the manifest was replaced: what was read before that is seen counts.
 */
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ZamError } from "../core/errors/zam-error.ts";
import { RpcClient } from "../storage/rpc-client.ts";
import { loadSmallRecords } from "../storage/small-records.ts";
import type { ArrivalBatch, ArrivalQuery, NodeApi } from "./api.ts";
import { LocalNode } from "./local-node.ts";
import { findForReading, type OpenOptions } from "./opening.ts";
import { isLostOwner } from "./shared-node.ts";

/** How soon a reader of files notices that they have grown. */
const pollMs = 250;
/** Of opening and reading while others take the directory, one after the other. */
const triesMax = 40;
const retryMs = 50;

export interface OpenedBatch extends ArrivalBatch {
  /** Another number: the directory was opened anew, and may show another state than before. */
  readonly opening: number;
}

/** @throws ZamError Z2xx, Z3xx as `openNode`; after `signal` has aborted it may give an empty batch */
export interface ArrivalSource {
  next(query: ArrivalQuery): Promise<OpenedBatch>;
  close(): Promise<void>;
}

/** The arrivals of a node that this process owns. */
export function ownArrivals(node: Pick<NodeApi, "arrivals">): ArrivalSource {
  return {
    next: async (query) => ({ ...(await node.arrivals(query)), opening: 0 }),
    close: async () => undefined,
  };
}

export function followDirectory(options: OpenOptions): ArrivalSource {
  return new DirectoryArrivals(options);
}

interface OpenedNode {
  readonly node: NodeApi;
  /** Of a reader of files: what they looked like before it opened them. */
  readonly looks: Looks | undefined;
}

class DirectoryArrivals implements ArrivalSource {
  private readonly options: OpenOptions;
  private readonly dataDir: string;
  private opened: OpenedNode | undefined;
  private opening = 0;

  constructor(options: OpenOptions) {
    this.options = options;
    this.dataDir = resolve(options.dataDir);
  }

  async next(query: ArrivalQuery): Promise<OpenedBatch> {
    const { waitMs = 0 } = query;
    const untilMs = performance.now() + waitMs;
    for (let tries = 0; ; tries++) {
      const { node, looks } = await this.open();
      try {
        const leftMs = Math.max(0, Math.round(untilMs - performance.now()));
        const batch = await node.arrivals({
          ...query,
          waitMs: looks === undefined ? leftMs : 0,
        });
        const isOvertaken = looks !== undefined && manifestOf(this.dataDir) !== looks.manifest;
        if (!isOvertaken) {
          const isNews = batch.events.length > 0 || leftMs === 0 || query.signal?.aborted === true;
          if (isNews || looks === undefined) {
            // A whole log is to be read, or much of one: worth the memory.
            if (looks !== undefined && !batch.isCaughtUp) await loadSmallRecords();
            return { ...batch, opening: this.opening };
          }
          await this.waitForChange(looks, leftMs, query.signal);
        }
      } catch (error) {
        if (!(isLostOwner(error) || looks !== undefined) || tries >= triesMax) throw error;
        await sleep(retryMs);
      }
      await this.close();
    }
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    await opened?.node.close();
  }

  private async open(): Promise<OpenedNode> {
    for (let tries = 0; this.opened === undefined; tries++) {
      const looks = looksOf(this.dataDir);
      const { node, isOwned } = await findForReading(this.options);
      // After an unclean stop it had to be opened for writing once: that is done now.
      if (node instanceof LocalNode && node.ownsLog && tries < triesMax) {
        await node.close();
        continue;
      }
      this.opening++;
      this.opened = { node, looks: isOwned ? looks : undefined };
    }
    return this.opened;
  }

  private async waitForChange(
    looks: Looks,
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const untilMs = performance.now() + waitMs;
    while (performance.now() < untilMs && signal?.aborted !== true) {
      await sleep(Math.min(pollMs, untilMs - performance.now()), undefined, {
        ...(signal === undefined ? {} : { signal }),
      }).catch(() => undefined);
      const now = looksOf(this.dataDir);
      if (now.manifest !== looks.manifest || now.tail !== looks.tail) return;
      const owner = await RpcClient.connect(this.dataDir).catch((error: unknown) => {
        // It is opening the directory: its socket is asked again.
        if (error instanceof ZamError) return undefined;
        throw error;
      });
      owner?.close();
      if (owner !== undefined) return;
    }
  }
}

interface Looks {
  readonly manifest: string;
  /** Name and size of the newest segment. */
  readonly tail: string;
}

function manifestOf(dataDir: string): string {
  const stat = statSync(join(dataDir, "log", "manifest"), { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.ino} ${stat.mtimeNs} ${stat.size}`;
}

function looksOf(dataDir: string): Looks {
  const folder = join(dataDir, "log");
  let tail = "";
  try {
    const newest = readdirSync(folder)
      .filter((name) => name.endsWith(".seg"))
      .sort()
      .at(-1);
    if (newest !== undefined) tail = `${newest} ${statSync(join(folder, newest)).size}`;
  } catch {
    // It cannot be read now: opening it says why.
  }
  return { manifest: manifestOf(dataDir), tail };
}
