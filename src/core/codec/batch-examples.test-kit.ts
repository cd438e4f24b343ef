/** The batch that docs/codec.md shows in hex: three events of one stream, from an empty state. */
import { textToUtf8 } from "../bytes.ts";
import type { EventContent } from "../event.ts";
import { codecMix, codecMixSmall, codecTokens, codecTokensSmall } from "./codecs.ts";

export const exampleEvents: readonly EventContent[] = [1, 2, 3].map((seq) => ({
  seq,
  hlc: { ms: 1_767_581_452_960 + seq * 60_000 + 50, counter: 0 },
  type: 2,
  known: Uint8Array.of(0),
  payload: textToUtf8(
    '{"p":"BT-1066","t":37.3,"n":"fever, since 3 days","at":"2026-01-05T02:50:52.959Z"}',
  ),
}));

/** Codec and block. */
export const exampleBlocks: readonly (readonly [number, string])[] = [
  [
    codecTokens,
    "50030f371822ea63d6a92a97fad4f2a97fa802c301217b2270223a2201222c2274223a032c226e223a2201222c226174223a22055a227d0742542d3130363602821366657665722c2073696e63652033206461797391029102008200930291028200212f6f",
  ],
  [
    codecMix,
    "d85fa30b77bed67c612a7d66f8f29260a50b12606da2419ef8b78b1aa6141b6dc6f0d22e7017c48ea575ace9f581721e4ecf2a2c45fedd7e97ad52dd857f9f5b8313088f7463ec74c8466c9b90dc26abed96668da616",
  ],
  [
    codecTokensSmall,
    "50030f371822ea63d6a92a97fad4f2a97fa802c301217b2270223a2201222c2274223a032c226e223a2201222c226174223a22055a227d0742542d3130363602821366657665722c2073696e63652033206461797391029102008200930291028200212f6f",
  ],
  [
    codecMixSmall,
    "d85fa30b77bed67c612a7d66f8f29260a50b12606da2419ef8b78b1aa6141b6dc6f0d22e7017c48ea575ace9f581721e4ecf2a2c45fedd7e97ad52dd857f9f5b8313088f7463ec74c8466c9b90dc26abed96668da616",
  ],
];
