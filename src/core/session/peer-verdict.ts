/**
 * What a peer's certificate proved, as decided before any of its bytes are
 * read. Adapters produce it; the identity in it is the only one that counts.
 */
import type { ZamError } from "../errors/zam-error.ts";
import type { PeerIdentity } from "./api.ts";

export type PeerVerdict =
  | {
      readonly kind: "trusted";
      readonly peer: PeerIdentity;
      /** Whole days until the certificate expires; negative when it has. */
      readonly certDaysLeft: number;
    }
  /** A certificate of ours that is expired or revoked: it is told why, and nothing it sends is parsed. */
  | { readonly kind: "refused"; readonly nodeId: string; readonly error: ZamError }
  /** No certificate, or another CA's: cut off without a word. */
  | { readonly kind: "stranger"; readonly error: ZamError };
