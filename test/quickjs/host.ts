/**
 * QuickJS in WebAssembly (quickjs-emscripten, bellard's 2025-09-13), with the
 * ports of the core bridged to Node's. What runs inside sees ES2020, the
 * functions of `guest/host.ts`, and nothing else: no Node, no V8, no DOM.
 */
import { createHash, type Hash } from "node:crypto";
import type {
  QuickJSContext,
  QuickJSHandle,
  QuickJSRuntime,
  QuickJSWASMModule,
} from "quickjs-emscripten";
import { getQuickJS } from "quickjs-emscripten";
import { type AeadKey, FileFault, type FileStore, type StoreFile } from "../../src/core/ports.ts";
import { nodeCompressor } from "../../src/storage/node-compressor.ts";
import { nodeCrypto } from "../../src/storage/node-crypto.ts";
import type { HostFunctions } from "./guest/host.ts";

type Value = ArrayBuffer | number | string | boolean | null | undefined;

export interface GuestOptions {
  /** Where to run; a `MemoryRoom`'s for a hard limit on memory. */
  readonly quickJs?: QuickJSWASMModule;
  readonly store?: FileStore;
  /** More functions for `globalThis.host`, next to the ports. */
  readonly functions?: Readonly<Record<string, (...args: never[]) => Value>>;
}

/** 256 KiB: about what FACTS gives a small device's stack, and well above what shallow recursion needs. */
const stackBytesMax = 256 * 1024;

export class Guest {
  readonly runtime: QuickJSRuntime;
  readonly context: QuickJSContext;
  readonly printed: string[] = [];

  private constructor(runtime: QuickJSRuntime) {
    this.runtime = runtime;
    this.context = runtime.newContext();
  }

  static async create(options: GuestOptions = {}): Promise<Guest> {
    const quickJs = options.quickJs ?? (await getQuickJS());
    const runtime = quickJs.newRuntime();
    runtime.setMaxStackSize(stackBytesMax);
    const guest = new Guest(runtime);
    guest.installHost(options);
    return guest;
  }

  /** Runs a script to its end and all promises that it left; throws what it throws. */
  run(code: string, name = "guest.js"): unknown {
    const result = this.context.evalCode(code, name, { type: "global" });
    const handle = this.context.unwrapResult(result);
    const value: unknown = this.context.dump(handle);
    handle.dispose();
    this.settle();
    return value;
  }

  /** Calls a global function of the guest. Bytes go in and come out as ArrayBuffers. */
  call(name: string, ...args: readonly Value[]): Value {
    const callee = this.context.getProp(this.context.global, name);
    const handles = args.map((arg) => this.toGuest(arg));
    try {
      const result = this.context.callFunction(callee, this.context.undefined, ...handles);
      const handle = this.context.unwrapResult(result);
      const value = this.fromGuest(handle);
      handle.dispose();
      return value;
    } finally {
      for (const handle of handles) handle.dispose();
      callee.dispose();
    }
  }

  /** Bytes in live objects, by QuickJS's own account: a walk over its heap. */
  usedBytes(): number {
    const handle = this.runtime.computeMemoryUsage();
    const usage = this.context.dump(handle) as { memory_used_size: number };
    handle.dispose();
    return usage.memory_used_size;
  }

  settle(): void {
    while (this.runtime.hasPendingJob()) {
      const result = this.runtime.executePendingJobs();
      if (result.error) {
        const error: unknown = this.context.dump(result.error);
        result.error.dispose();
        throw new Error(`a job failed: ${JSON.stringify(error)}`);
      }
    }
  }

  dispose(): void {
    this.context.dispose();
    this.runtime.dispose();
  }

  private installHost(options: GuestOptions): void {
    const functions = {
      ...cryptoFunctions(),
      ...(options.store === undefined ? {} : storeFunctions(options.store)),
      print: (text: string) => void this.printed.push(text),
      ...options.functions,
    };
    const object = this.context.newObject();
    for (const [name, implementation] of Object.entries(functions)) {
      const call = implementation as (...args: Value[]) => Value;
      const handle = this.context.newFunction(name, (...args) =>
        this.toGuest(call(...args.map((arg) => this.fromGuest(arg)))),
      );
      this.context.setProp(object, name, handle);
      handle.dispose();
    }
    this.context.setProp(this.context.global, "host", object);
    object.dispose();
  }

  private toGuest(value: Value): QuickJSHandle {
    if (value === undefined) return this.context.undefined;
    if (value === null) return this.context.null;
    if (typeof value === "number") return this.context.newNumber(value);
    if (typeof value === "string") return this.context.newString(value);
    if (typeof value === "boolean") return value ? this.context.true : this.context.false;
    return this.context.newArrayBuffer(value);
  }

  private fromGuest(handle: QuickJSHandle): Value {
    const type = this.context.typeof(handle);
    if (type === "number") return this.context.getNumber(handle);
    if (type === "string") return this.context.getString(handle);
    if (type !== "object") return this.context.dump(handle) as Value;
    if (this.context.sameValue(handle, this.context.null)) return null;
    const lent = this.context.getArrayBuffer(handle);
    const copy = lent.value.slice().buffer;
    lent.dispose();
    return copy;
  }
}

/** A buffer of exactly these bytes. */
export function toBuffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}

function cryptoFunctions(): Partial<HostFunctions> {
  const keys: AeadKey[] = [];
  const states: (Hash | undefined)[] = [];
  const keyAt = (index: number): AeadKey => {
    const key = keys[index];
    if (key === undefined) throw new Error("no such key");
    return key;
  };
  const bytes = (buffer: ArrayBuffer): Uint8Array => new Uint8Array(buffer);
  return {
    sha256: (data) => toBuffer(nodeCrypto.sha256(bytes(data))),
    shaCreate: () => states.push(createHash("sha256")) - 1,
    shaUpdate: (state, data) => void states[state]?.update(bytes(data)),
    shaDigest(state) {
      const digest = states[state]?.digest() ?? new Uint8Array(0);
      states[state] = undefined;
      return toBuffer(new Uint8Array(digest));
    },
    hkdf: (key, salt, info, sizeBytes) =>
      toBuffer(
        nodeCrypto.hkdfSha256(bytes(key), { salt: bytes(salt), info: bytes(info), sizeBytes }),
      ),
    importKey: (raw) => keys.push(nodeCrypto.importKey(bytes(raw))) - 1,
    seal(key, nonce, aad, plaintext) {
      const out = new Uint8Array(plaintext.byteLength + 16);
      const input = { nonce: bytes(nonce), aad: bytes(aad), plaintext: bytes(plaintext) };
      nodeCrypto.seal(keyAt(key), input, out, 0);
      return out.buffer;
    },
    open(key, nonce, aad, sealed) {
      const input = { nonce: bytes(nonce), aad: bytes(aad), sealed: bytes(sealed) };
      const opened = nodeCrypto.open(keyAt(key), input);
      return opened === undefined ? null : toBuffer(opened);
    },
    crc32: (data, seed) => nodeCrypto.crc32(bytes(data), seed),
    randomBytes: (sizeBytes) => toBuffer(nodeCrypto.randomBytes(sizeBytes)),
    compress: (data, dictionary, windowLog, hashLog, chainLog) => {
      const tables = { windowLog, hashLog, chainLog };
      return toBuffer(nodeCompressor.compress(bytes(data), bytes(dictionary), tables));
    },
    decompress(data, dictionary, sizeBytes) {
      const input = { dictionary: bytes(dictionary), sizeBytes };
      const out = nodeCompressor.decompress(bytes(data), input);
      return out === undefined ? null : toBuffer(out);
    },
  };
}

function storeFunctions(store: FileStore): Partial<HostFunctions> {
  const files: (StoreFile | undefined)[] = [];
  const fileAt = (index: number): StoreFile => {
    const file = files[index];
    if (file === undefined) throw new FileFault("other", "use", `file ${index}`);
    return file;
  };
  /** A fault crosses as its kind. */
  const guard = <T>(run: () => T): T | string => {
    try {
      return run();
    } catch (error) {
      if (error instanceof FileFault) return error.kind;
      throw error;
    }
  };
  const act = (run: () => void): string =>
    guard(() => {
      run();
      return "";
    });
  return {
    fileList: (folder) => JSON.stringify(folder === "" ? store.list() : store.list(folder)),
    fileOpen: (name, mode) =>
      guard(() => files.push(store.open(name, mode as Parameters<FileStore["open"]>[1])) - 1),
    fileRead: (file, offset, sizeBytes) =>
      guard(() => {
        const out = new Uint8Array(sizeBytes);
        const size = fileAt(file).read(offset, out);
        return out.buffer.slice(0, size);
      }),
    fileWrite: (file, offset, bytes) =>
      act(() => fileAt(file).write(offset, new Uint8Array(bytes))),
    fileTruncate: (file, sizeBytes) => act(() => fileAt(file).truncate(sizeBytes)),
    fileSize: (file) => guard(() => fileAt(file).size()),
    fileSync: (file) => act(() => fileAt(file).syncNow()),
    fileClose: (file) => files[file]?.close(),
    storeExists: (name) => store.exists(name),
    storeRename: (from, to) => act(() => store.rename(from, to)),
    storeRemove: (name) => act(() => store.remove(name)),
    storeMakeFolder: (name) => act(() => store.makeFolder(name)),
    storeSync: () => act(() => store.syncNow()),
    storeFreeBytes: () => store.freeBytes(),
  };
}
