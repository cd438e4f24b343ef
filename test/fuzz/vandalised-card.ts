/**
 * A log's files on a card that was vandalised: noise, other files of the same log,
 * older versions of themselves, pieces of one another.
 */
import assert from "node:assert/strict";
import { bytesToHex } from "../../src/core/bytes.ts";
import { ZamError } from "../../src/core/errors/zam-error.ts";
import type { Log } from "../../src/core/log/api.ts";
import { createLog, openLog } from "../../src/core/log/open.ts";
import { nodeCrypto } from "../../src/storage/node-crypto.ts";
import { MemoryStore } from "../../src/testing/memory-store.ts";
import type { SeededRandom } from "../../src/testing/seeded-random.ts";

const startMs = 1_760_000_000_000;
const segmentBytes = 12_000;

export interface Card {
  /** What the files were, at several times; the last is now. */
  readonly images: readonly (readonly [string, Uint8Array])[][];
  readonly store: MemoryStore;
  /** "lane seq payload" of everything pushed. */
  readonly written: ReadonlySet<string>;
  readonly dataKey: Uint8Array | undefined;
}

function input(store: MemoryStore, dataKey: Uint8Array | undefined) {
  return {
    store,
    crypto: nodeCrypto,
    nodeId: "clinic_a",
    wallMs: startMs,
    segmentBytes,
    ...(dataKey === undefined ? {} : { dataKey }),
  };
}

export function createCard(random: SeededRandom, dataKey: Uint8Array | undefined): Card {
  const store = new MemoryStore();
  const written = new Set<string>();
  const images: [string, Uint8Array][][] = [];
  createLog({ ...input(store, dataKey), epoch: 5 }).close();
  for (let session = 0; session < 4; session++) {
    const { log } = openLog({ ...input(store, dataKey), confirmed: [] });
    for (let i = 0; i < 25; i++) {
      const payload = random.bytes(random.chance(0.05) ? 20_000 : random.between(0, 400));
      const lane = random.pick(["", "", "urgent", "to/hub"]);
      for (const pushed of log.push([{ lane, type: 1, payload }], startMs + i, () => {})) {
        written.add(`${lane} ${pushed.seq} ${bytesToHex(nodeCrypto.sha256(payload))}`);
      }
    }
    if (session < 3) log.close();
    images.push([...store.dump()]);
  }
  return { images, store: store.kill(), written, dataKey };
}

/** Each makes new bytes for a file out of all that the card ever held. */
type Vandal = (bytes: Uint8Array, card: Card, random: SeededRandom) => Uint8Array;

const anyFile = (card: Card, random: SeededRandom): Uint8Array =>
  random.pick(random.pick(card.images))[1];

const vandals: readonly Vandal[] = [
  (bytes, _card, random) => random.bytes(bytes.length),
  (_bytes, _card, random) => random.bytes(random.below(300)),
  () => new Uint8Array(0),
  (bytes) => new Uint8Array(bytes.length),
  (bytes, _card, random) => bytes.slice(0, random.below(bytes.length + 1)),
  (bytes, _card, random) => Uint8Array.from([...bytes, ...random.bytes(random.below(5000))]),
  (_bytes, card, random) => anyFile(card, random),
  (bytes, card, random) => {
    const other = anyFile(card, random);
    const at = random.below(Math.min(bytes.length, other.length) + 1);
    return Uint8Array.from([...bytes.subarray(0, at), ...other.subarray(at)]);
  },
  (bytes, _card, random) => {
    const bent = bytes.slice();
    for (let i = random.between(1, 8); i > 0 && bent.length > 0; i--) {
      bent[random.below(bent.length)] = random.below(256);
    }
    return bent;
  },
  (bytes, _card, random) => {
    const bent = bytes.slice();
    const from = random.below(bent.length + 1);
    bent.copyWithin(random.below(bent.length + 1), from, from + random.below(2000));
    return bent;
  },
];

/** Reads everything, and checks that it was written. */
function readGenuine(log: Log, written: ReadonlySet<string>): number {
  let count = 0;
  for (let index = 0; index < log.streamCount; index++) {
    const { id, head } = log.stream(index);
    if (id.node !== "clinic_a" || id.epoch !== 5) continue;
    for (let seq = 1; seq <= Math.min(head, 1000); seq++) {
      const [event] = log.readStream(index, seq, { events: 1, bytes: 1 });
      if (event === undefined || event.seq !== seq) continue;
      const payload = event.isFragmented
        ? log.readPayload(index, seq, { offset: 0, sizeBytes: event.payloadSize })
        : event.payload;
      if (payload === undefined) continue;
      const name = `${id.lane} ${seq} ${bytesToHex(nodeCrypto.sha256(payload))}`;
      assert.ok(written.has(name), `${name} was never written`);
      count++;
    }
  }
  return count;
}

function attempt(run: () => Log): Log | ZamError {
  try {
    return run();
  } catch (error) {
    if (error instanceof ZamError) return error;
    throw error;
  }
}

/** A copy of the card after one to three deeds. */
export function vandalise(card: Card, random: SeededRandom): MemoryStore {
  const store = card.store.copy();
  const names = [...store.dump().keys()].sort();
  for (let i = random.between(1, 3); i > 0; i--) {
    const name = random.pick(names);
    const bytes = store.dump().get(name) ?? new Uint8Array(0);
    if (random.chance(0.1) && store.exists(name)) store.remove(name);
    else store.overwrite(name, random.pick(vandals)(bytes, card, random));
  }
  return store;
}

/** Opens it, reads what can be read, and pushes. */
export function tryCard(
  store: MemoryStore,
  card: Card,
): { readonly kind: string; readonly read: number } {
  const open = (): Log => openLog({ ...input(store, card.dataKey), confirmed: [] }).log;
  const log = attempt(open);
  if (log instanceof ZamError) return { kind: log.code, read: 0 };
  const read = readGenuine(log, card.written);
  if (log.readOnlyReason !== undefined)
    return { kind: `read-only ${log.readOnlyReason.code}`, read };
  let pushError: unknown = "nothing";
  const [pushed] = log.push(
    [{ lane: "", type: 1, payload: Uint8Array.of(1) }],
    startMs + 1000,
    (error) => {
      pushError = error;
    },
  );
  assert.equal(pushError, undefined);
  assert.ok(pushed !== undefined);
  log.close();
  const again = attempt(open);
  if (again instanceof ZamError) throw again;
  const index = again.findStream(pushed.stream);
  assert.ok(index !== undefined);
  const [event] = again.readStream(index, pushed.seq, { events: 1, bytes: 1 });
  assert.deepEqual(event?.payload, Uint8Array.of(1), "a new event is kept");
  again.close();
  return { kind: "opened", read };
}
