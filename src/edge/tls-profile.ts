/**
 * In the place of src/network/tls-profile.ts: the same TLS, by mbedTLS. It has no
 * ML-KEM, so full handshakes use plain X25519 as well.
 */
import { host } from "./host-functions.ts";
import type { SecureContext } from "./node/tls.ts";
import type { TlsCredentials } from "../core/session/credentials.ts";
import { assert } from "../core/errors/zam-error.ts";

/** The host's tickets are sealed under the first of the 48 bytes that OpenSSL wants. */
const ticketKeyBytes = 32;

/** A client connects again and again: the host keeps few contexts, and never lets one go. */
let client: { readonly key: string; readonly context: SecureContext } | undefined;

export function createServerContext(
  credentials: TlsCredentials,
  ticketKey: Uint8Array,
): SecureContext {
  return contextOf(credentials, { isServer: true, ticketKey: ticketKey.slice(0, ticketKeyBytes) });
}

export function createClientContext(
  credentials: TlsCredentials,
  _input: { readonly hasTicket: boolean },
): SecureContext {
  const key = `${credentials.authorityFingerprint} ${credentials.certificateFingerprint}`;
  if (client?.key !== key) {
    const context = contextOf(credentials, {
      isServer: false,
      ticketKey: new Uint8Array(ticketKeyBytes),
    });
    client = { key, context };
  }
  return client.context;
}

function contextOf(
  credentials: TlsCredentials,
  input: { readonly isServer: boolean; readonly ticketKey: Uint8Array },
): SecureContext {
  const { keyPem, certificatePem, authorityPem } = credentials;
  const context = host.tlsContext(
    input.isServer,
    keyPem,
    certificatePem,
    authorityPem,
    input.ticketKey,
  );
  assert(context !== null, "credentials that were read before can be read");
  return { context };
}
