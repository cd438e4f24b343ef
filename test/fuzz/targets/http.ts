/** The hub's API over real connections: no request that its own description leads to is a 5xx. */
import { type FuzzedHub, startFuzzedHub } from "../http-hub.ts";
import { Choices, toRequest } from "../http-requests.ts";
import type { FuzzTarget } from "../fuzz-target.ts";

let started: Promise<FuzzedHub> | undefined;

export const httpTargets: readonly FuzzTarget[] = [
  {
    name: "http",
    samples: Array.from({ length: 24 }, (_, at) => Uint8Array.of(at, 1, 2, 0, at, 7, 0, 2, 3)),
    inputBytesMax: 256,
    // A request takes as long as a thousand decodings; `test/http-fuzz.test.ts` makes more.
    shortRuns: 60,
    run: async (input) => {
      started ??= startFuzzedHub();
      const hub = await started;
      const request = toRequest(hub.api, new Choices(input), hub.known);
      const status = await hub.ask(request);
      return `${request.operation} ${status}`;
    },
  },
];
