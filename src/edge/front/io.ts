/** The process's streams as the commands want them. Output blocks: nothing is ever waited for. */
import type { Readable } from "node:stream";
import type { Io } from "../../cli/io.ts";
import { host } from "../host-functions.ts";
import { SmallBuffer } from "../node/buffer.ts";
import { fstatSync } from "../node/fs.ts";
import { watchInput } from "../node/loop.ts";

const columnsDefault = 80;
/** Read at once. */
const inputChunkBytes = 32 * 1024;

export function createIo(): Io {
  let isOutClosed = false;
  const isOutTty = host.isTerminal(1);
  return {
    stdin: openInput,
    stdinBytes: () => {
      const facts = fstatSync(0);
      return facts.isFile() ? facts.size : undefined;
    },
    isOutTty,
    isErrTty: host.isTerminal(2),
    columns: isOutTty ? host.terminalColumns(1) || columnsDefault : undefined,
    out: (text) => {
      if (!isOutClosed) isOutClosed = !host.print(1, text);
      return undefined;
    },
    err: (text) => {
      host.print(2, text);
    },
    isOutClosed: () => isOutClosed,
    flush: () => Promise.resolve(),
    nowMs: host.wallMs,
  };
}

/** What `push --stdin` uses of a stream: its chunks, whether it is a terminal, and an early end. */
function openInput(): Readable {
  const input = {
    isTTY: host.isTerminal(0),
    destroy: () => watchInput(undefined),
    [Symbol.asyncIterator]: () => ({ next: nextChunk }),
  };
  return input as unknown as Readable;
}

function nextChunk(): Promise<IteratorResult<Uint8Array, undefined>> {
  return new Promise((resolve) => {
    watchInput(() => {
      watchInput(undefined);
      const room = new SmallBuffer(inputChunkBytes);
      const count = host.readInput(room);
      // What cannot be read any more has ended, as a terminal that is gone.
      if (typeof count === "string" || count === 0) resolve({ done: true, value: undefined });
      else resolve({ done: false, value: room.subarray(0, count) });
    });
  });
}
