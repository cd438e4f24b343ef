/** How deep a payload's objects and arrays lie in each other, without going down with them. */

/**
 * Payloads beyond it break every rule: how deep a stack can follow depends on the moment, and a verdict
 * may not.
 */
export const nestingMax = 256;

const quote = 0x22;
const backslash = 0x5c;

/** Of bytes that are JSON. */
export function isNestedDeeper(json: Uint8Array, max: number): boolean {
  let depth = 0;
  let isString = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (isString) {
      if (byte === backslash) at++;
      else if (byte === quote) isString = false;
    } else if (byte === quote) isString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > max) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return false;
}
