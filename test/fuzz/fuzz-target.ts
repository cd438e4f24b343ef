/**
 * Something that takes bytes which its author did not think of.
 *
 * Claims checked for every input: it returns (a value, a refusal, or an error with
 * a code) and never throws anything else; a decoder leaves its input alone, and
 * allocates within a bound that depends on the input's size alone; what it
 * accepts, encoded again, is accepted again, is the same value, and has one encoding.
 */
import assert from "node:assert/strict";
import { ZamError } from "../../src/core/errors/zam-error.ts";
import { countAllocation } from "./allocation.ts";

export interface FuzzTarget {
  /** A file name too: its corpus. */
  readonly name: string;
  /** Valid inputs to start from. */
  readonly samples: readonly Uint8Array[];
  /** Largest input; default 512. */
  readonly inputBytesMax?: number;
  /** Inputs of the short form, in `npm test`; default 400. */
  readonly shortRuns?: number;
  /** Throws when a claim is broken; else a word for what came out, one of few. */
  readonly run: (input: Uint8Array) => string | Promise<string>;
}

export const refused = "refused";

export interface DecoderUnderTest<T> extends Omit<FuzzTarget, "run"> {
  /** The value, or undefined for a refusal. */
  readonly decode: (bytes: Uint8Array) => T | undefined;
  readonly encode?: (value: T) => Uint8Array;
  /** Bytes of typed arrays that may be allocated for an input of this size. */
  readonly allocationBytesMax?: (inputBytes: number) => number;
  /** Tells kinds of accepted values apart. */
  readonly kindOf?: (value: T) => string;
}

/** Every value of a typed array, and the space that a decoder of records may need, with room to spare. */
const allocationDefault = (inputBytes: number): number => 4096 + 16 * inputBytes;

export function decoderTarget<T>(decoder: DecoderUnderTest<T>): FuzzTarget {
  const { decode, encode, allocationBytesMax = allocationDefault, kindOf, ...target } = decoder;
  for (const sample of target.samples)
    assert.notEqual(decode(sample), undefined, `${target.name}: a sample is refused`);
  const run = (bytes: Uint8Array): string => {
    const before = bytes.slice();
    const { value, allocatedBytes } = countAllocation(() => decode(bytes));
    assert.deepEqual(bytes, before, "a decoder leaves its input alone");
    const bound = allocationBytesMax(bytes.length);
    assert.ok(allocatedBytes <= bound, `${allocatedBytes} bytes for ${bytes.length} of input`);
    if (value === undefined) return refused;
    if (encode !== undefined) {
      const encoded = encode(value).slice();
      const again = decode(encoded);
      assert.deepEqual(again, value, "an accepted value survives a round trip");
      if (again !== undefined)
        assert.deepEqual(encode(again).slice(), encoded, "a value has one encoding");
    }
    return kindOf?.(value) ?? "accepted";
  };
  return { ...target, run };
}

/** What `run` makes of an input where refusing means throwing a ZamError: its code then. */
export function codeOf(run: () => string | undefined): string {
  try {
    return run() ?? "accepted";
  } catch (error) {
    if (error instanceof ZamError && error.code !== "Z199") return error.code;
    throw error;
  }
}

/** The same for what answers later. */
export async function codeOfAsync(run: () => Promise<string | undefined>): Promise<string> {
  try {
    return (await run()) ?? "accepted";
  } catch (error) {
    if (error instanceof ZamError && error.code !== "Z199") return error.code;
    throw error;
  }
}
