/** JSON pointers (RFC 6901): the value at a path, for `push --id-field`. */

/** The reference tokens of a pointer that `parseValue` has accepted. */
export function pointerToTokens(pointer: string): readonly string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((token) => token.replace(/~1/g, "/").replace(/~0/g, "~"));
}

/** The value there, or undefined. Own properties only. */
export function valueAt(root: unknown, tokens: readonly string[]): unknown {
  let value = root;
  for (const token of tokens) {
    if (Array.isArray(value)) {
      value = /^(0|[1-9]\d{0,9})$/.test(token) ? value[Number(token)] : undefined;
    } else if (typeof value === "object" && value !== null && Object.hasOwn(value, token)) {
      value = (value as Readonly<Record<string, unknown>>)[token];
    } else {
      return undefined;
    }
  }
  return value;
}
