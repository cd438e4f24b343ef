/**
 * Operations that change files outside the log, or many at once: what they start from, what they
 * do, and what must hold wherever one of them was killed. Each may be repeated, and then is done.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ZamError } from "../../src/core/errors/zam-error.ts";
import type { Role } from "../../src/core/session/api.ts";
import {
  createNode,
  installBundle,
  openNode,
  restoreNode,
  revokeNode,
  signNode,
} from "../../src/engine/index.ts";
import { openDirectory } from "../../src/engine/open-log.ts";
import { PeerBook } from "../../src/engine/peer-book.ts";
import { encodeScrubState, readScrubState } from "../../src/engine/scrubber.ts";
import { checkSnapshot, takeSnapshot } from "../../src/engine/snapshot.ts";
import { listIssued, listRevoked, readCredentials, readIdentity } from "../../src/pki/index.ts";
import { nodeCrypto } from "../../src/storage/node-crypto.ts";
import { openSealedFolder, type SealedFolder } from "../../src/storage/sidecar.ts";

export interface FileOperation {
  readonly name: string;
  /** Makes what the operation starts from, in an empty folder. */
  readonly prepare: (root: string) => Promise<void>;
  readonly run: (root: string) => Promise<void>;
  /** A temporary file that nobody else can leave there: its folder appears whole, in one step. */
  readonly isOwnOnly?: (path: string) => boolean;
  /** Holds after a kill at any call. */
  readonly check: (root: string) => Promise<void>;
  /** Holds when it was run to its end, after whatever kills. */
  readonly verify: (root: string) => Promise<void>;
}

const hubIn = (root: string): string => join(root, "hub");
const clinicIn = (root: string): string => join(root, "clinic_a");
const csrIn = (root: string): string => join(clinicIn(root), "tls", "node.csr");
const bundleIn = (root: string): string => join(root, "clinic_a.bundle");

async function hubAndClinic(root: string): Promise<void> {
  await createNode({ dir: hubIn(root), isHub: true });
  await createNode({ dir: clinicIn(root) });
}

/** What a code says has been done already counts as done. */
async function unless(code: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof ZamError && error.code === code)) throw error;
  }
}

/** The directory is a node that opens, whole. */
function assertOpens(dir: string): void {
  const { log, recovery } = openDirectory({ dataDir: dir, isReadOnly: true });
  assert.deepEqual(recovery.reports, []);
  log.close();
}

/** A certificate with the node's own key and the hub's CA. */
function assertSigned(dir: string, role: Role): void {
  assert.equal(readCredentials(dir, Date.now()).info.role, role);
}

function keygen(isHub: boolean): FileOperation {
  const run = (root: string): Promise<void> =>
    unless("Z304", createNode({ dir: clinicIn(root), isHub }));
  return {
    name: isHub ? "keygen of a hub" : "keygen",
    prepare: async () => {},
    run,
    check: async (root) => {
      if (!existsSync(join(clinicIn(root), "node.json"))) return;
      assertOpens(clinicIn(root));
      if (isHub) assertSigned(clinicIn(root), "hub");
    },
    verify: async (root) => {
      assertOpens(clinicIn(root));
      if (isHub) assertSigned(clinicIn(root), "hub");
      assert.equal(existsSync(join(clinicIn(root), "node.json.new")), false);
    },
  };
}

const sign: FileOperation = {
  name: "sign",
  prepare: hubAndClinic,
  run: async (root) => {
    await signNode({ csrPath: csrIn(root), hubDir: hubIn(root) });
  },
  check: async (root) => {
    assertSigned(hubIn(root), "hub");
    const keys = new Set(listIssued(hubIn(root)).map(({ fingerprint }) => fingerprint));
    assert.ok(keys.size <= 2, "the books hold the hub's key, and the clinic's at most");
  },
  verify: async (root) => {
    assertSigned(clinicIn(root), "clinic");
    assert.deepEqual(listRevoked(hubIn(root)), [], "signing one key again revokes none");
  },
};

const install: FileOperation = {
  name: "install",
  prepare: async (root) => {
    await hubAndClinic(root);
    await signNode({ csrPath: csrIn(root), hubDir: hubIn(root), outPath: bundleIn(root) });
  },
  run: async (root) => {
    await installBundle({ bundlePath: bundleIn(root), dataDir: clinicIn(root) });
  },
  check: async (root) => {
    try {
      assertSigned(clinicIn(root), "clinic");
    } catch (error) {
      assert.ok(error instanceof ZamError && ["Z306", "Z313"].includes(error.code), String(error));
    }
    assertOpens(clinicIn(root));
  },
  verify: async (root) => assertSigned(clinicIn(root), "clinic"),
};

const revoke: FileOperation = {
  name: "revoke",
  prepare: async (root) => {
    await hubAndClinic(root);
    await signNode({ csrPath: csrIn(root), hubDir: hubIn(root) });
  },
  run: async (root) => {
    await revokeNode({ nodeId: "clinic_a", hubDir: hubIn(root) });
  },
  check: async (root) => {
    const named = listRevoked(hubIn(root)).map(({ nodeId }) => nodeId);
    assert.ok(named.every((nodeId) => nodeId === "clinic_a"));
    assertSigned(hubIn(root), "hub");
  },
  verify: async (root) => {
    assert.equal(listRevoked(hubIn(root)).length, 1, "each key is entered once");
  },
};

const payloads = ["one", "two", "three"].map((text) => new TextEncoder().encode(text));

async function clinicWithEvents(root: string): Promise<void> {
  await hubAndClinic(root);
  const node = await openNode({ dataDir: clinicIn(root) });
  await node.push(payloads.map((payload) => ({ lane: "", type: 1, payload })));
  await node.close();
}

const snapshotIn = (root: string): string => join(root, "clinic_a.snapshot");

async function snapshotTo(root: string): Promise<void> {
  const dataDir = clinicIn(root);
  const { log, key } = openDirectory({ dataDir, isReadOnly: true });
  try {
    const signals = { signal: undefined, stopping: new AbortController().signal };
    await takeSnapshot({ dataDir, log, dataKey: key.bytes }, snapshotIn(root), signals);
  } finally {
    log.close();
  }
}

async function assertSnapshot(root: string): Promise<void> {
  const { log, key } = openDirectory({ dataDir: clinicIn(root), isReadOnly: true });
  const checked = await checkSnapshot(snapshotIn(root), { log, dataKey: key.bytes });
  assert.deepEqual(checked, { events: payloads.length, problems: 0 });
  log.close();
}

const snapshot: FileOperation = {
  name: "snapshot",
  prepare: clinicWithEvents,
  run: (root) => unless("Z223", snapshotTo(root)),
  check: async (root) => {
    // A file under its name is whole: it was read back before it got it.
    if (existsSync(snapshotIn(root))) await assertSnapshot(root);
  },
  verify: assertSnapshot,
};

const restoredIn = (root: string): string => join(root, "restored");

const restore: FileOperation = {
  name: "restore",
  isOwnOnly: (path) => path.includes("/restore.ready/"),
  prepare: async (root) => {
    await clinicWithEvents(root);
    await snapshotTo(root);
    mkdirSync(restoredIn(root));
  },
  run: async (root) => {
    const keyFile = join(clinicIn(root), "keys", "data.key");
    if (existsSync(join(restoredIn(root), "node.json")) && !existsSync(readyIn(root))) return;
    await restoreNode({ path: snapshotIn(root), dataDir: restoredIn(root), keyFile });
  },
  check: async (root) => {
    if (existsSync(join(restoredIn(root), "node.json"))) assertRestored(root);
  },
  verify: async (root) => {
    assertRestored(root);
    for (const name of ["restore.new", "restore.ready"])
      assert.equal(existsSync(join(restoredIn(root), name)), false);
  },
};

const readyIn = (root: string): string => join(restoredIn(root), "restore.ready");

function assertRestored(root: string): void {
  const keyFile = join(clinicIn(root), "keys", "data.key");
  const { log } = openDirectory({ dataDir: restoredIn(root), keyFile, isReadOnly: true });
  assert.equal(log.recordCount, payloads.length);
  assert.notEqual(log.ownEpoch, readIdentity(clinicIn(root)).epoch, "a fresh epoch");
  assert.equal(log.alarms.length, 1);
  log.close();
}

function sidecars(root: string, isReadOnly = false): SealedFolder {
  const directory = join(root, "peers");
  return openSealedFolder({
    directory,
    dataKey: new Uint8Array(32).fill(7),
    crypto: nodeCrypto,
    isReadOnly,
  });
}

const peerOf = (result: string) =>
  ({
    peerId: "hub",
    role: "hub",
    address: "hub:4433",
    lastSyncMs: 1,
    result,
    policy: "own",
    state: undefined,
  }) as const;

const peerState: FileOperation = {
  name: "what is known of a peer",
  prepare: async (root) => {
    await new PeerBook(sidecars(root)).save(peerOf("before"));
  },
  run: async (root) => {
    await new PeerBook(sidecars(root)).save(peerOf("after"));
  },
  check: async (root) => {
    const book = new PeerBook(sidecars(root, true));
    assert.deepEqual(book.problems, []);
    assert.match(book.find("hub")?.result ?? "gone", /^(before|after)$/);
  },
  verify: async (root) => {
    const book = new PeerBook(sidecars(root));
    assert.equal(book.find("hub")?.result, "after");
  },
};

const cursorOf = (offset: number) => ({
  place: { segment: 1, generation: 0, offset },
  finishedMs: 5,
  found: [],
});

const scrubCursor: FileOperation = {
  name: "the scrubber's place",
  prepare: async (root) => sidecars(root).write("scrub.cursor", encodeScrubState(cursorOf(100))),
  run: async (root) => sidecars(root).write("scrub.cursor", encodeScrubState(cursorOf(200))),
  check: async (root) => {
    assert.ok([100, 200].includes(readScrubState(sidecars(root, true)).place?.offset ?? 0));
  },
  verify: async (root) => assert.equal(readScrubState(sidecars(root)).place?.offset, 200),
};

export const fileOperations: readonly FileOperation[] = [
  keygen(false),
  keygen(true),
  sign,
  install,
  revoke,
  snapshot,
  restore,
  peerState,
  scrubCursor,
];
