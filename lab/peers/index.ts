/** Everything that the lab compares, in the order of the report. */
import { pouchdb } from "./couch.ts";
import { git } from "./git.ts";
import { httpsBatches, httpsWhole } from "./https.ts";
import type { Peer } from "./peer.ts";
import { rsync, rsyncBest } from "./rsync.ts";
import { zamsync, zamsyncMix, zamsyncTokens } from "./zamsync.ts";

export const peers: readonly Peer[] = [
  zamsync,
  zamsyncMix,
  zamsyncTokens,
  rsync,
  rsyncBest,
  git,
  httpsWhole,
  httpsBatches,
  pouchdb,
];
