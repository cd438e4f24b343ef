/** What a function allocates in typed arrays by length, seen by standing in for their constructors. */
const names = ["Uint8Array", "Uint16Array", "Uint32Array", "Int32Array", "Float64Array"] as const;

export function countAllocation<T>(run: () => T): {
  readonly value: T;
  readonly allocatedBytes: number;
} {
  let allocatedBytes = 0;
  const scope = globalThis as unknown as Record<string, unknown>;
  const originals = names.map((name) => scope[name]);
  const count = (original: unknown): unknown =>
    new Proxy(original as new (...args: unknown[]) => ArrayBufferView, {
      construct(target, args) {
        const made = Reflect.construct(target, args) as ArrayBufferView;
        if (!(args[0] instanceof ArrayBuffer)) allocatedBytes += made.byteLength;
        return made;
      },
    });
  try {
    names.forEach((name, at) => {
      scope[name] = count(originals[at]);
    });
    return { value: run(), allocatedBytes };
  } finally {
    names.forEach((name, at) => {
      scope[name] = originals[at];
    });
  }
}
