/** Everything that reads what others wrote. */
import type { FuzzTarget } from "../fuzz-target.ts";
import { batchTargets } from "./batches.ts";
import { cardTargets } from "./cards.ts";
import { conversationTargets } from "./conversation.ts";
import { httpTargets } from "./http.ts";
import { hubFileTargets } from "./hub-files.ts";
import { identityTargets } from "./identity.ts";
import { logTargets } from "./log.ts";
import { sessionTargets } from "./session.ts";
import { storageTargets } from "./storage.ts";
import { textTargets } from "./text.ts";
import { wireTargets } from "./wire.ts";

export async function allTargets(): Promise<readonly FuzzTarget[]> {
  return [
    ...wireTargets,
    ...batchTargets,
    ...logTargets,
    ...storageTargets,
    ...(await identityTargets()),
    ...textTargets,
    ...sessionTargets,
    ...conversationTargets,
    ...cardTargets,
    ...httpTargets,
    ...hubFileTargets,
  ];
}
