/**
 * Sidecars whose seal is good and whose content is not: a plaintext log has
 * only a CRC that anybody can make, and a program of ours with a defect seals
 * what it likes. Bodies of checkpoints, manifests and indexes are bent and
 * sealed anew.
 *
 * Claims: opening and reading return or throw a ZamError, in bounded memory.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ZamError } from "../../src/core/errors/zam-error.ts";
import { decodeFileHeader } from "../../src/core/log/file-header.ts";
import { type FileKind, fileHeaderBytes } from "../../src/core/log/format.ts";
import { createLog, openLog } from "../../src/core/log/open.ts";
import { openBlock, sealFile } from "../../src/core/log/sealed-file.ts";
import { nodeCrypto } from "../../src/storage/node-crypto.ts";
import { MemoryStore } from "../../src/testing/memory-store.ts";
import { createSeededRandom, type SeededRandom } from "../../src/testing/seeded-random.ts";
import { countAllocation } from "./allocation.ts";

const runs = Number(process.env.FUZZ_RUNS ?? 300);
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 0x7fff_ffff);
const startMs = 1_760_000_000_000;
/** The log has 60 KB; reading it, and its buffers, take a few times as much. */
const allocatedBytesMax = 64 * 1024 * 1024;

const input = (store: MemoryStore) => ({
  store,
  crypto: nodeCrypto,
  nodeId: "clinic_a",
  wallMs: startMs,
  segmentBytes: 20_000,
  checkpointBytes: 4000,
});

/** A plaintext log of several segments, with checkpoints, ids, holes and marks. */
function createStore(random: SeededRandom): MemoryStore {
  const store = new MemoryStore();
  createLog({ ...input(store), epoch: 5 }).close();
  for (let session = 0; session < 3; session++) {
    const { log } = openLog({ ...input(store), confirmed: [] });
    for (let i = 0; i < 60; i++) {
      const lane = random.pick(["", "urgent", "to/hub"]);
      const idempotency = random.bytes(16);
      const payload = random.bytes(random.chance(0.05) ? 20_000 : random.below(300));
      log.push([{ lane, type: 1, payload, idempotency }], startMs + i, () => {});
    }
    log.mark({ kind: "alarm", id: "a", code: "Z506", text: "a text" }, startMs, () => {});
    log.mark(
      { kind: "bind", node: "hub", epoch: 3, fingerprint: random.bytes(32) },
      startMs,
      () => {},
    );
    log.close();
  }
  return store;
}

function kindOf(name: string): FileKind | undefined {
  if (name.startsWith("checkpoint")) return "checkpoint";
  if (name.startsWith("manifest")) return "manifest";
  return name.endsWith(".idx") ? "index" : undefined;
}

/** Opens the first block, bends it, and seals the file anew. */
function reseal(bytes: Uint8Array, kind: FileKind, random: SeededRandom): Uint8Array {
  const header = decodeFileHeader(kind, bytes);
  assert.ok(typeof header !== "string");
  const seal = { crypto: nodeCrypto, dataKey: undefined, logId: header.logId };
  const end = fileHeaderBytes + header.bodyBytes;
  const body = openBlock(seal, header, bytes.subarray(fileHeaderBytes, end), fileHeaderBytes);
  assert.ok(body !== undefined);
  const bent = bend(body, random);
  const file = sealFile(seal, { kind, number: header.number, generation: header.generation }, [
    bent,
  ]);
  return Uint8Array.from([...file, ...bytes.subarray(end)]);
}

const hugeVarint = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];

function bend(body: Uint8Array, random: SeededRandom): Uint8Array {
  const at = random.below(body.length + 1);
  const [head, tail] = [body.subarray(0, at), body.subarray(at)];
  switch (random.below(5)) {
    case 0:
      return Uint8Array.from([...head, random.below(256), ...tail.subarray(1)]);
    case 1:
      return Uint8Array.from([...head, ...hugeVarint, ...tail.subarray(1)]);
    case 2:
      return Uint8Array.from([...head, ...tail.subarray(random.below(20))]);
    case 3:
      return Uint8Array.from([...head, ...random.bytes(random.below(20)), ...tail]);
    default:
      return Uint8Array.from([...head, 0xff, 0xff, 0xff, 0x07, ...tail.subarray(1)]);
  }
}

describe("sidecars with a good seal and a bent content", () => {
  for (const kind of ["checkpoint", "manifest", "index"] as const) {
    test(`of kind ${kind} open or are refused`, (t) => {
      t.diagnostic(`seed ${seed}`);
      const card = createStore(createSeededRandom(seed));
      const names = [...card.dump().keys()].filter((name) => kindOf(name) === kind).sort();
      assert.ok(names.length > 0, `the log has a ${kind}`);
      const endings = new Map<string, number>();
      let allocatedMost = 0;
      for (let run = 0; run < runs; run++) {
        const random = createSeededRandom(seed + run);
        const store = card.copy();
        for (const name of names) {
          const bytes = store.dump().get(name);
          assert.ok(bytes !== undefined);
          if (random.chance(0.7)) store.overwrite(name, reseal(bytes, kind, random));
        }
        try {
          const { value, allocatedBytes } = countAllocation(() => tryStore(store));
          endings.set(value, (endings.get(value) ?? 0) + 1);
          allocatedMost = Math.max(allocatedMost, allocatedBytes);
        } catch (error) {
          throw new Error(`run ${run} of seed ${seed}: ${String(error)}`, { cause: error });
        }
      }
      t.diagnostic([...endings].map(([name, count]) => `${name} ${count}`).join(", "));
      t.diagnostic(`at most ${allocatedMost} bytes`);
      assert.ok(allocatedMost < allocatedBytesMax, `${allocatedMost} bytes`);
    });
  }
});

function tryStore(store: MemoryStore): string {
  try {
    const { log } = openLog({ ...input(store), confirmed: [] });
    for (let index = 0; index < log.streamCount; index++) {
      const head = Math.min(log.streamHead(index), 200);
      for (let seq = 1; seq <= head; seq += 7) {
        log.readStream(index, seq, { events: 5, bytes: 5000 });
        log.chainAt(index, seq);
      }
    }
    log.readArrivals(0, { events: 50, bytes: 50_000 });
    log.findIdempotency(new Uint8Array(16).fill(9));
    if (log.readOnlyReason !== undefined) return `read-only ${log.readOnlyReason.code}`;
    log.push([{ lane: "", type: 1, payload: Uint8Array.of(1) }], startMs, () => {});
    log.close();
    return "opened";
  } catch (error) {
    if (error instanceof ZamError) return error.code;
    throw error;
  }
}
