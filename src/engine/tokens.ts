/** `token`: the HTTP API's tokens, changed by the process that owns the hub's directory. */
import { resolve } from "node:path";
import {
  type CreatedToken,
  createToken as createInBook,
  type CreateTokenInput,
  listTokens as listBook,
  readIdentity,
  revokeToken as revokeInBook,
  type TokenRow,
} from "../pki/index.ts";
import { withDirectory } from "./ownership.ts";

export type NewToken = Omit<CreateTokenInput, "nowMs">;

/** Rejects with Z207, Z305, Z321, Z333. */
export async function createToken(input: NewToken): Promise<CreatedToken> {
  const request = { ...input, dataDir: resolve(input.dataDir) };
  readIdentity(request.dataDir);
  return withDirectory(request.dataDir, {
    viaOwner: (owner) => owner.call("createToken", request),
    alone: async () => createTokenHere(request),
  });
}

/** In the process that owns the directory. */
export function createTokenHere(input: NewToken): CreatedToken {
  return createInBook({ ...input, nowMs: Date.now() });
}

/** Oldest first, revoked and expired ones included. Throws Z305, Z321, Z333. */
export function listTokens(input: { readonly dataDir: string }): readonly TokenRow[] {
  const dataDir = resolve(input.dataDir);
  readIdentity(dataDir);
  return listBook(dataDir);
}

export interface RevokedToken extends TokenRow {
  /** It had been revoked before. */
  readonly isRepeat: boolean;
}

/** Rejects with Z207, Z305, Z321, Z333, Z334. */
export async function revokeToken(input: {
  readonly dataDir: string;
  readonly id: string;
}): Promise<RevokedToken> {
  const request = { ...input, dataDir: resolve(input.dataDir) };
  readIdentity(request.dataDir);
  return withDirectory(request.dataDir, {
    viaOwner: (owner) => owner.call("revokeToken", { id: request.id }),
    alone: async () => revokeTokenHere(request),
  });
}

export function revokeTokenHere(input: {
  readonly dataDir: string;
  readonly id: string;
}): RevokedToken {
  return revokeInBook({ ...input, nowMs: Date.now() });
}
