/**
 * How fast events become durable: `push --stdin` against merely sealing the same
 * events in this process, and one-at-a-time pushes through the library against a bare
 * append and fdatasync of as many bytes.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { openNode } from "../../src/engine/index.ts";
import { nodeCrypto } from "../../src/storage/node-crypto.ts";
import { createSeededRandom } from "../../src/testing/seeded-random.ts";
import { runOk } from "../command.ts";
import { grouped } from "../stage.ts";
import { median, timed } from "./machine.ts";
import type { BenchContext, Figure } from "./section.ts";

const payloadBytes = 200;

/** JSON of exactly 200 bytes that differ. */
function payloadOf(n: number): string {
  const head = `{"n":${n},"text":"`;
  const random = createSeededRandom(n);
  let text = "";
  while (text.length < payloadBytes) text += random.next32().toString(36);
  return `${head}${text.slice(0, payloadBytes - head.length - 2)}"}`;
}

/** Rate of sealing alone, one core, each with a nonce of its own, as the log does. */
function sealRate(payloads: readonly Buffer[]): number {
  const key = nodeCrypto.importKey(nodeCrypto.randomBytes(32));
  const out = new Uint8Array(payloadBytes + 16);
  const nonce = nodeCrypto.randomBytes(12);
  const aad = nodeCrypto.randomBytes(60);
  const counter = new DataView(nonce.buffer, nonce.byteOffset, 12);
  const startMs = performance.now();
  for (const [index, plaintext] of payloads.entries()) {
    counter.setUint32(0, index);
    nodeCrypto.seal(key, { nonce, aad, plaintext }, out, 0);
  }
  return payloads.length / ((performance.now() - startMs) / 1000);
}

async function batchRate(context: BenchContext): Promise<readonly Figure[]> {
  const { stage, scratch, scale } = context;
  const count = Math.round(300_000 * scale);
  stage.note(`push --stdin: ${grouped(count)} events of ${payloadBytes} bytes, encrypted, durable`);
  const lines = Array.from({ length: count }, (_, n) => payloadOf(n));
  const payloads = lines.map((line) => Buffer.from(line));
  const input = Buffer.from(`${lines.join("\n")}\n`);
  const dir = join(scratch, "push-rate");
  await runOk(["keygen", dir]);
  const sealedBefore = sealRate(payloads);
  const pushed = await timed(() =>
    runOk(["push", dir, "--stdin", "--json"], { input, timeoutMs: 300_000 }),
  );
  const sealedAfter = sealRate(payloads);
  const rate = count / (pushed.ms / 1000);
  const sealed = (sealedBefore + sealedAfter) / 2;
  stage.note(
    `${grouped(rate)} events/s with the command's start, ${grouped(sealed)}/s merely sealed ` +
      `(${grouped(sealedBefore)} before, ${grouped(sealedAfter)} after)`,
  );
  return [
    { name: "push --stdin, events/s", value: rate },
    { name: "merely sealed, events/s", value: sealed },
    {
      name: "push --stdin of merely sealed, %",
      value: (100 * rate) / sealed,
      bound: { atLeast: 35 },
    },
  ];
}

/** Appends and syncs one record after the other, off the main thread, as the engine does. */
async function bareAppends(file: FileHandle, count: number): Promise<number> {
  const record = Buffer.alloc(payloadBytes, 1);
  const { ms } = await timed(async () => {
    for (let n = 0; n < count; n++) {
      await file.write(record);
      await file.datasync();
    }
  });
  return count / (ms / 1000);
}

/** The same on the main thread, with nothing in between. */
function bareAppendsBlocking(file: number, count: number): number {
  const record = Buffer.alloc(payloadBytes, 1);
  const startMs = performance.now();
  for (let n = 0; n < count; n++) {
    writeSync(file, record);
    fdatasyncSync(file);
  }
  return count / ((performance.now() - startMs) / 1000);
}

async function singleRate(context: BenchContext): Promise<readonly Figure[]> {
  const { stage, scratch, scale } = context;
  // Many short turns: what else the machine does then falls on all of them alike.
  const count = 50;
  const turns = Math.max(5, Math.round(40 * scale));
  stage.note(
    `one at a time: ${turns} × ${count} pushes, in turns with bare appends of ${payloadBytes} bytes`,
  );
  const dir = join(scratch, "single-rate");
  await runOk(["keygen", dir]);
  const node = await openNode({ dataDir: dir });
  for (let n = 0; n < 500; n++) await node.push([{ payload: Buffer.from(payloadOf(n)) }]);
  const bareFile = await open(join(scratch, "bare"), "a");
  const blockingFile = openSync(join(scratch, "bare-blocking"), "a");
  const rates = { push: [] as number[], bare: [] as number[], blocking: [] as number[] };
  for (let turn = 0; turn < turns; turn++) {
    rates.bare.push(await bareAppends(bareFile, count));
    const { ms } = await timed(async () => {
      for (let n = 0; n < count; n++) await node.push([{ payload: Buffer.from(payloadOf(n)) }]);
    });
    rates.push.push(count / (ms / 1000));
    rates.blocking.push(bareAppendsBlocking(blockingFile, count));
  }
  await bareFile.close();
  closeSync(blockingFile);
  await node.close();
  const [push, bare, blocking] = [median(rates.push), median(rates.bare), median(rates.blocking)];
  return [
    { name: "one-at-a-time pushes, events/s", value: push },
    { name: "bare append + fdatasync off the main thread, /s", value: bare },
    { name: "bare append + fdatasync blocking, /s", value: blocking },
    {
      name: "pushes of bare appends (same async style), %",
      value: (100 * push) / bare,
      bound: { atLeast: 70 },
    },
    { name: "pushes of blocking bare appends, %", value: (100 * push) / blocking },
  ];
}

export async function pushRate(context: BenchContext): Promise<readonly Figure[]> {
  return [...(await batchRate(context)), ...(await singleRate(context))];
}
