/**
 * What fast-check looks for when it is loaded and QuickJS lacks. Core must not
 * need any of it: the timers are there to be found, and throw when called.
 */
interface Lacking {
  setTimeout?: unknown;
  clearTimeout?: unknown;
}
const scope = globalThis as unknown as Lacking;

const refuse = (): never => {
  throw new Error("there are no timers here");
};
scope.setTimeout = refuse;
scope.clearTimeout = refuse;
