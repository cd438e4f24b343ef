/**
 * Compresses or decompresses blocks for whoever started it: a line of JSON for
 * each in the file that the first argument names, an answer a line: "=" and hex, or "refused".
 */
import { bytesToHex, hexToBytes } from "../../../src/core/bytes.ts";
import { zstdSmall } from "../../../src/core/codec/codecs.ts";
import { host } from "../../../src/edge/host-functions.ts";
import { readFileSync } from "../../../src/edge/node/fs.ts";
import { hostCompressor } from "../../../src/edge/host-crypto.ts";

interface Ask {
  readonly bytes: string;
  readonly dictionary: string;
  /** Of what is to come out; absent for compression. */
  readonly sizeBytes?: number;
}

function bytesOf(hex: string): Uint8Array {
  const bytes = hexToBytes(hex);
  if (bytes === undefined) throw new Error("no hex");
  return bytes;
}

for (const line of readFileSync(host.arguments[0] ?? "", "utf8").split("\n")) {
  if (line === "") continue;
  const ask = JSON.parse(line) as Ask;
  const dictionary = bytesOf(ask.dictionary);
  const bytes = bytesOf(ask.bytes);
  const answer =
    ask.sizeBytes === undefined
      ? hostCompressor.compress(bytes, dictionary, zstdSmall)
      : hostCompressor.decompress(bytes, { dictionary, sizeBytes: ask.sizeBytes });
  host.print(1, `${answer === undefined ? "refused" : `=${bytesToHex(answer)}`}\n`);
}
