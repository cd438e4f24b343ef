/** Keys, certificates and the CA: what the engine uses of this folder. */
export {
  type Authority,
  createAuthority,
  type PromoteInput,
  promoteToHub,
  readAuthority,
  type SignCsrInput,
  type SignedCertificate,
  signCsr,
} from "./authority.ts";
export {
  bundleBytesMax,
  type Credentials,
  encodeBundle,
  type InstallInput,
  installBundle,
  readCertificateInfo,
  readCredentials,
  writeBesideCsr,
  writeBundle,
} from "./bundle.ts";
export {
  type CertificateInfo,
  type CertificateJudge,
  certificateInfo,
  createAcceptingJudge,
  createConnectingJudge,
} from "./certificate.ts";
export {
  createDataKey,
  dataKeyPath,
  type DataKeySource,
  decodeDataKey,
  encodeDataKey,
  installStagedKey,
  isCredential,
  readDataKey,
  readKeyFile,
  readOrCreateKeyFile,
  removeStagedKey,
  requireKeyFile,
  stageDataKey,
  stagedKeyPath,
} from "./data-key.ts";
export {
  type CreateIdentityInput,
  createIdentity,
  nearestNodeId,
  type NodeIdentity,
  readIdentity,
  writeIdentity,
} from "./identity.ts";
export { type IssuedRow, listIssued } from "./issued.ts";
export { type NodeFiles, nodeFiles } from "./node-files.ts";
export {
  appendRevoked,
  listRevoked,
  openRevocationList,
  type RevocationList,
  type RevokedRow,
} from "./revocation.ts";
export { type RevokedKeys, revokeKeys } from "./revoke.ts";
export { readOrCreateTicketKey } from "./ticket-key.ts";
export {
  type CreatedToken,
  type CreateTokenInput,
  createToken,
  listTokens,
  openTokenBook,
  revokeToken,
  type TokenBook,
  type TokenRow,
  type TokenScope,
  tokenScopes,
  tokenState,
  type TokenVerdict,
} from "./token-book.ts";
export { type HttpsCredentials, readOrCreateHttpsCredentials } from "./http-certificate.ts";
