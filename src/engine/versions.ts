/** Versions of what is on disk and on the wire, for `zamsync version`; loads nothing else. */
import { protocolVersion } from "../core/codec/frame-types.ts";
import { formatVersion } from "../core/log/format.ts";

export const formatVersions = { log: formatVersion, protocol: protocolVersion } as const;
