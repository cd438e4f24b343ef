/** Tells bytes without pattern (encrypted, compressed, pictures) from text that is no JSON. */

/** Below this a guess is worth nothing, and a wrong one costs little. */
const sampleBytesMin = 48;

/**
 * True when the counts of byte values are about as even as chance makes them: then
 * a model only makes the bytes longer. The sum of squared counts of n random bytes
 * is about n + n * n / 256; text has several times that.
 */
export function looksRandom(bytes: Uint8Array): boolean {
  const n = bytes.length;
  if (n < sampleBytesMin) return false;
  const counts = new Uint16Array(256);
  for (const byte of bytes) counts[byte] = (counts[byte] as number) + 1;
  let squares = 0;
  for (const count of counts) squares += count * count;
  return squares * 1024 < (n * 256 + n * n) * 5;
}
