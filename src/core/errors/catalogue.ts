/**
 * Every failure that a user can meet, one row a code. `docs/errors.md` is
 * generated from this table (`npm run docs:errors`).
 */
import { usageErrors } from "./z1-usage.ts";
import { storageErrors } from "./z2-storage.ts";
import { identityErrors } from "./z3-identity.ts";
import { networkErrors } from "./z4-network.ts";
import { protocolErrors } from "./z5-protocol.ts";
import { dataErrors } from "./z6-data.ts";

export const catalogue = {
  ...usageErrors,
  ...storageErrors,
  ...identityErrors,
  ...networkErrors,
  ...protocolErrors,
  ...dataErrors,
} as const;

export type ZCode = keyof typeof catalogue;
