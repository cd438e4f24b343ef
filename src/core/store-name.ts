/**
 * Names of files in a `FileStore`: one part, or a folder and a part. Checked by
 * every store, so that a name made from what a peer sent can never leave the
 * directory. A bad name is a defect of the caller, hence an assertion.
 */
import { assert } from "./errors/zam-error.ts";

const storeNamePattern = /^[A-Za-z0-9._-]{1,200}(\/[A-Za-z0-9._-]{1,200})?$/;
const dotsPattern = /(^|\/)\.\.?(\/|$)/;

export function isStoreName(name: string): boolean {
  return storeNamePattern.test(name) && !dotsPattern.test(name);
}

/** The folder of a name, or undefined for a file directly in the directory. */
export function storeFolderOf(name: string): string | undefined {
  const slash = name.indexOf("/");
  return slash < 0 ? undefined : name.slice(0, slash);
}

export function assertStoreName(name: string): void {
  assert(isStoreName(name), `'${name}' is a name of a file in a store`);
}

export function assertFolderName(name: string): void {
  assert(isStoreName(name) && !name.includes("/"), `'${name}' is a name of a folder in a store`);
}
