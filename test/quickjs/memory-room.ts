/**
 * A hard limit on QuickJS's memory, and a measurement of what it used.
 *
 * `runtime.setMemoryLimit` is none in this build: on WebAssembly QuickJS does
 * not know the size of a block and counts 8 bytes for each. So the limit is
 * made of the memory itself: it cannot grow, and ballast fills all of it but
 * the bytes allowed. The C library's allocator then fails for good, and its
 * overhead and fragmentation count, as do the copies that the bridge makes.
 *
 * The room is painted before use; what is no longer paint was in use.
 */
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSWASMModule,
  RELEASE_SYNC,
} from "quickjs-emscripten";

/** The one part of WebAssembly's interface that is used; its types come with the DOM's only. */
interface Memory {
  readonly buffer: ArrayBuffer;
}
type MemoryClass = new (size: { readonly initial: number; readonly maximum: number }) => Memory;
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: MemoryClass } }).WebAssembly;

/** What the module is compiled to start with: 16 MiB. */
const memoryPages = 256;
const paint = 0xa5;
/** The allocator's own alignment. */
const granuleBytes = 16;
/** Left out of the painted block, because the allocator needs some bytes for the block itself. */
const paintMarginBytes = 4096;

export class MemoryRoom {
  readonly quickJs: QuickJSWASMModule;
  readonly limitBytes: number;
  private readonly memory: Memory;
  /** Address of the first painted byte. */
  private readonly start: number;
  private readonly ballast: QuickJSContext;

  private constructor(room: {
    readonly quickJs: QuickJSWASMModule;
    readonly limitBytes: number;
    readonly memory: Memory;
    readonly start: number;
    readonly ballast: QuickJSContext;
  }) {
    this.quickJs = room.quickJs;
    this.limitBytes = room.limitBytes;
    this.memory = room.memory;
    this.start = room.start;
    this.ballast = room.ballast;
  }

  static async create(limitBytes: number): Promise<MemoryRoom> {
    const memory = new Memory({ initial: memoryPages, maximum: memoryPages });
    const quickJs = await newQuickJSWASMModuleFromVariant(
      newVariant(RELEASE_SYNC, { wasmMemory: memory }),
    );
    const ballast = quickJs.newContext();
    const run = (code: string): void => ballast.unwrapResult(ballast.evalCode(code)).dispose();
    run(fillFunction);
    run(`fill(${limitBytes})`);
    run(`paint(${limitBytes - paintMarginBytes}, ${paint})`);
    const start = longestRun(new Uint8Array(memory.buffer), paint);
    run("unpaint()");
    return new MemoryRoom({ quickJs, limitBytes, memory, start, ballast });
  }

  /**
   * Bytes that were in use at any time since the room was made or repainted: the
   * peak, and a little more, as what was given back and taken elsewhere counts twice.
   */
  peakBytes(): number {
    const size = this.limitBytes - paintMarginBytes;
    const bytes = new Uint8Array(this.memory.buffer, this.start, size);
    let touched = 0;
    for (let from = 0; from < size; from += granuleBytes) {
      for (let at = from; at < from + granuleBytes && at < size; at++) {
        if (bytes[at] === paint) continue;
        touched += granuleBytes;
        break;
      }
    }
    return touched;
  }

  /** Forgets the peak: paints all that is free now. What is in use still counts in the next peak. */
  repaint(): void {
    for (const code of [`paintAll(${paint})`, "unpaint()"]) {
      this.ballast.unwrapResult(this.ballast.evalCode(code)).dispose();
    }
  }

  dispose(): void {
    this.ballast.dispose();
  }
}

/** Runs in a context of its own: keeps everything but the room, by bisection on what can be had. */
const fillFunction = `
  let kept, painted;
  const canHave = (size) => {
    try { return new ArrayBuffer(size); } catch { return undefined; }
  };
  globalThis.largest = () => {
    let low = 0, high = 1 << 26;
    while (high - low > 256) {
      const middle = (low + high) >>> 1;
      if (canHave(middle)) low = middle; else high = middle;
    }
    return low;
  };
  globalThis.fill = (limit) => { kept = canHave(largest() - limit); };
  globalThis.paint = (size, value) => { painted = new Uint8Array(size).fill(value); };
  globalThis.paintAll = (value) => {
    painted = [];
    for (let size = largest(); size > 16384; size = largest()) {
      // The array's own objects need a place, too.
      painted.push(new Uint8Array(size - 4096).fill(value));
    }
  };
  globalThis.unpaint = () => { painted = undefined; };
`;

function longestRun(bytes: Uint8Array, value: number): number {
  let best = { start: 0, size: 0 };
  for (let at = bytes.indexOf(value); at >= 0; at = bytes.indexOf(value, at)) {
    let end = at;
    while (end < bytes.length && bytes[end] === value) end++;
    if (end - at > best.size) best = { start: at, size: end - at };
    at = end;
  }
  return best.start;
}
