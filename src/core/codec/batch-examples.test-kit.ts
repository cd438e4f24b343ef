/** The batch that docs/codec.md shows in hex: three events of one stream, from an empty state. */
import { textToUtf8 } from "../bytes.ts";
import type { EventContent } from "../event.ts";
import { codecMix, codecMixSmall, codecTokens, codecTokensSmall } from "./codecs.ts";

export const exampleEvents: readonly EventContent[] = [1, 2, 3].map((seq) => ({
  seq,
  hlc: { ms: 1_767_581_452_960 + seq * 60_000 + 50, counter: 0 },
  type: 2,
  known: Uint8Array.of(0),
  payload: textToUtf8('{"p":"BT-1066","t":37.3,"at":"2026-01-05T02:50:52.959Z"}'),
}));

/** Codec and block. */
export const exampleBlocks: readonly (readonly [number, string])[] = [
  [
    codecTokens,
    "360311371822ea64eb54954c0eb53caa6075bf5202c50001197b2270223a2201222c2274223a032c226174223a22055a227d0742542d3130363602829102930002008293029300028294111717",
  ],
  [
    codecMix,
    "f6c24b771dbe6e6f7b1340ddabb8fae796d4d3814b9eb0bdc96d6c523e6ae88af87d0abd4182653089bbb7cbd6dd4ad4ee57fcd7d445d3cbc35dbc",
  ],
  [
    codecTokensSmall,
    "360311371822ea64eb54954c0eb53caa6075bf5202c50001197b2270223a2201222c2274223a032c226174223a22055a227d0742542d3130363602829102930002008293029300028294111717",
  ],
  [
    codecMixSmall,
    "f6c24b771dbe6e6f7b1340ddabb8fae796d4d3814b9eb0bdc96d6c523e6ae88af87d0abd4182653089bbb7cbd6dd4ad4ee57fcd7d445d3cbc35dbc",
  ],
];
