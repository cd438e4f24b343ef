/**
 * The part of `node:assert/strict` that core's tests use, for a runtime that
 * has none. Strict throughout: `equal` is `Object.is`, `deepEqual` compares
 * prototypes, own keys, typed arrays, Maps, Sets and Errors.
 */

export class AssertionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AssertionError";
  }
}

type Message = string | Error | undefined;
type Matcher =
  | RegExp
  | ((error: unknown) => boolean)
  | (new (
      ...args: never[]
    ) => unknown)
  | object;

function failWith(message: Message, otherwise: string): never {
  if (message instanceof Error) throw message;
  throw new AssertionError(message === undefined ? otherwise : `${message}: ${otherwise}`);
}

function show(value: unknown): string {
  try {
    const text = JSON.stringify(value, (_key, each: unknown) => {
      if (typeof each === "bigint") return `${each}n`;
      if (each instanceof Map || each instanceof Set) return [...each];
      if (typeof each === "number" && !Number.isFinite(each)) return String(each);
      return each;
    });
    return text === undefined ? String(value) : text.slice(0, 600);
  } catch {
    return String(value);
  }
}

function ok(value: unknown, message?: Message): asserts value {
  if (!value) failWith(message, `${show(value)} is not truthy`);
}

function equal(actual: unknown, expected: unknown, message?: Message): void {
  if (!Object.is(actual, expected)) failWith(message, `${show(actual)} is not ${show(expected)}`);
}

function notEqual(actual: unknown, expected: unknown, message?: Message): void {
  if (Object.is(actual, expected)) failWith(message, `${show(actual)} was not to be`);
}

function deepEqual(actual: unknown, expected: unknown, message?: Message): void {
  if (!isDeepEqual(actual, expected)) {
    failWith(message, `${show(actual)} is not ${show(expected)}`);
  }
}

function notDeepEqual(actual: unknown, expected: unknown, message?: Message): void {
  if (isDeepEqual(actual, expected)) failWith(message, `${show(actual)} was not to be`);
}

function match(text: string, pattern: RegExp, message?: Message): void {
  if (!pattern.test(text)) failWith(message, `${show(text)} does not match ${String(pattern)}`);
}

function doesNotMatch(text: string, pattern: RegExp, message?: Message): void {
  if (pattern.test(text)) failWith(message, `${show(text)} matches ${String(pattern)}`);
}

function fail(message?: Message): never {
  return failWith(message, "failed");
}

function throws(run: () => unknown, ...rest: readonly unknown[]): void {
  const [matcher, message] = splitMatcher(rest);
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
    checkThrown(thrown, matcher, message);
    return;
  }
  failWith(message, "nothing was thrown");
}

function doesNotThrow(run: () => unknown, message?: Message): void {
  try {
    run();
  } catch (error) {
    failWith(message, `it threw ${String(error)}`);
  }
}

async function rejects(
  promise: Promise<unknown> | (() => Promise<unknown>),
  ...rest: readonly unknown[]
): Promise<void> {
  const [matcher, message] = splitMatcher(rest);
  try {
    await (typeof promise === "function" ? promise() : promise);
  } catch (error) {
    checkThrown(error, matcher, message);
    return;
  }
  failWith(message, "nothing was rejected");
}

function splitMatcher(rest: readonly unknown[]): [Matcher | undefined, Message] {
  const [first, second] = rest;
  if (typeof first === "string") return [undefined, first];
  return [first as Matcher | undefined, second as Message];
}

function checkThrown(thrown: unknown, matcher: Matcher | undefined, message: Message): void {
  if (matcher === undefined) return;
  if (matcher instanceof RegExp) {
    if (!matcher.test(String(thrown))) failWith(message, `${String(thrown)} is another error`);
    return;
  }
  if (typeof matcher === "function") {
    const isClass = matcher === Error || matcher.prototype instanceof Error;
    if (isClass) {
      if (!(thrown instanceof (matcher as new () => unknown))) {
        failWith(message, `${String(thrown)} is another error`);
      }
      return;
    }
    if ((matcher as (error: unknown) => unknown)(thrown) !== true) {
      failWith(message, `${String(thrown)} was not accepted`);
    }
    return;
  }
  for (const [key, expected] of Object.entries(matcher)) {
    const actual = (thrown as Record<string, unknown>)[key];
    const isFit =
      expected instanceof RegExp && typeof actual === "string"
        ? expected.test(actual)
        : isDeepEqual(actual, expected);
    if (!isFit) failWith(message, `${key}: ${show(actual)} is not ${show(expected)}`);
  }
}

function isDeepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return isSameView(a, b);
  if (a instanceof Map && b instanceof Map) return isSameMap(a, b);
  if (a instanceof Set && b instanceof Set) return isSameSet(a, b);
  if (a instanceof Error && b instanceof Error && (a.message !== b.message || a.name !== b.name)) {
    return false;
  }
  const keysOfA = Object.keys(a);
  const keysOfB = Object.keys(b);
  if (keysOfA.length !== keysOfB.length) return false;
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return false;
  for (const key of keysOfA) {
    if (!Object.hasOwn(b, key)) return false;
    if (!isDeepEqual((a as Keyed)[key], (b as Keyed)[key])) return false;
  }
  return true;
}

type Keyed = Record<string, unknown>;

function isSameView(a: ArrayBufferView, b: ArrayBufferView): boolean {
  if (a.byteLength !== b.byteLength) return false;
  const left = a instanceof DataView ? bytesOf(a) : (a as unknown as ArrayLike<unknown>);
  const right = b instanceof DataView ? bytesOf(b) : (b as unknown as ArrayLike<unknown>);
  for (let i = 0; i < left.length; i++) if (!Object.is(left[i], right[i])) return false;
  return true;
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function isSameMap(a: Map<unknown, unknown>, b: Map<unknown, unknown>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    if (!b.has(key) || !isDeepEqual(value, b.get(key))) return false;
  }
  return true;
}

function isSameSet(a: Set<unknown>, b: Set<unknown>): boolean {
  if (a.size !== b.size) return false;
  for (const value of a) {
    if (b.has(value)) continue;
    let isFound = false;
    for (const other of b) if (isDeepEqual(value, other)) isFound = true;
    if (!isFound) return false;
  }
  return true;
}

const assert = Object.assign((value: unknown, message?: Message) => ok(value, message), {
  AssertionError,
  ok,
  equal,
  strictEqual: equal,
  notEqual,
  notStrictEqual: notEqual,
  deepEqual,
  deepStrictEqual: deepEqual,
  notDeepEqual,
  match,
  doesNotMatch,
  fail,
  throws,
  doesNotThrow,
  rejects,
});

export {
  deepEqual,
  doesNotMatch,
  doesNotThrow,
  equal,
  fail,
  match,
  notDeepEqual,
  notEqual,
  ok,
  rejects,
  throws,
};
// biome-ignore lint/style/noDefaultExport: node:assert has one, and this stands in for it
export default assert;
