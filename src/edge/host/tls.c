/*
 * TLS 1.3 with certificates on both sides (RFC 8446), by mbedTLS.
 *
 * mbedTLS forgets the peer's certificate when a session is resumed. So a server
 * seals who the peer was into its ticket, beside the session, under a key of its
 * own; a client keeps the hub's identity with the ticket, in TypeScript. Dates of
 * certificates are not looked at here: whose clock may judge is decided above.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "connection.h"
#include "mbedtls/chachapoly.h"
#include "mbedtls/sha256.h"
#include "psa/crypto.h"

enum { ticket_key_bytes = 32, nonce_bytes = 12, tag_bytes = 16, hash_bytes = 32 };
/* Of PeerFacts, which are in a ticket as they are: to be raised when they change. */
enum { ticket_layout = 1 };
/* RFC 8446, 4.6.1: seven days at the most. */
enum { ticket_lifetime_s = 604800 };

struct TlsContext {
  mbedtls_ssl_config config;
  mbedtls_x509_crt certificate;
  mbedtls_x509_crt authority;
  mbedtls_pk_context key;
  uint8_t ticket_key[ticket_key_bytes];
  /*
   * SHA-256 of the CA's certificate, then the layout: a ticket of another generation of the CA, or
   * of an executable that laid it out otherwise, does not open.
   */
  uint8_t generation[hash_bytes + 1];
};

static TlsContext *contexts[8];
/* Tickets are written and read for this one: mbedTLS names no connection in their callbacks. */
static Connection *current;

static const int cipher_suites[] = {MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256, 0};
static const uint16_t groups[] = {MBEDTLS_SSL_IANA_TLS_GROUP_X25519, 0};
static const uint16_t signatures[] = {MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
                                      MBEDTLS_TLS1_3_SIG_NONE};

/*
 * What the chain says is noted, and judged above, where a reason can be given: here a
 * certificate must be shown, and its key be held. Dates are judged there as well.
 */
static int note_chain(void *unused, mbedtls_x509_crt *certificate, int depth, uint32_t *flags) {
  (void)unused;
  if (current == NULL) return MBEDTLS_ERR_X509_FATAL_ERROR;
  *flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
  if (depth == 0) {
    current->has_peer = read_peer_facts(certificate, &current->peer);
    /* The authority's own flags came before. */
    current->peer.is_issued = *flags == 0 && !current->has_bad_chain;
  } else if (*flags != 0) {
    current->has_bad_chain = true;
  }
  *flags = 0;
  return 0;
}

/* Sealed: who the peer is, then the session. */
static int write_ticket(void *context, const mbedtls_ssl_session *session, unsigned char *start,
                        const unsigned char *end, size_t *written, uint32_t *lifetime) {
  const TlsContext *tls = context;
  size_t room = (size_t)(end - start);
  size_t session_size = 0;
  uint8_t plain[1024];
  if (current == NULL || !current->has_peer) return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
  memcpy(plain, &current->peer, sizeof current->peer);
  int status = mbedtls_ssl_session_save(session, plain + sizeof current->peer,
                                        sizeof plain - sizeof current->peer, &session_size);
  size_t size = sizeof current->peer + session_size;
  if (status == 0 && room < nonce_bytes + size + tag_bytes)
    status = MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL;
  if (status != 0) return status;
  random_bytes(start, nonce_bytes);
  mbedtls_chachapoly_context aead;
  mbedtls_chachapoly_init(&aead);
  status = mbedtls_chachapoly_setkey(&aead, tls->ticket_key);
  uint8_t *sealed = start + nonce_bytes;
  if (status == 0)
    status = mbedtls_chachapoly_encrypt_and_tag(&aead, size, start, tls->generation,
                                                sizeof tls->generation, plain, sealed,
                                                sealed + size);
  mbedtls_chachapoly_free(&aead);
  memset(plain, 0, sizeof plain);
  *written = nonce_bytes + size + tag_bytes;
  *lifetime = ticket_lifetime_s;
  return status;
}

static int read_ticket(void *context, mbedtls_ssl_session *session, unsigned char *buffer,
                       size_t size) {
  const TlsContext *tls = context;
  uint8_t plain[1024];
  if (current == NULL || size < nonce_bytes + tag_bytes + sizeof(PeerFacts) ||
      size - nonce_bytes - tag_bytes > sizeof plain)
    return MBEDTLS_ERR_SSL_INVALID_MAC;
  size_t plain_size = size - nonce_bytes - tag_bytes;
  const uint8_t *sealed = buffer + nonce_bytes;
  mbedtls_chachapoly_context aead;
  mbedtls_chachapoly_init(&aead);
  int status = mbedtls_chachapoly_setkey(&aead, tls->ticket_key);
  if (status == 0)
    status = mbedtls_chachapoly_auth_decrypt(&aead, plain_size, buffer, tls->generation,
                                             sizeof tls->generation, sealed + plain_size, sealed,
                                             plain);
  mbedtls_chachapoly_free(&aead);
  if (status != 0) return MBEDTLS_ERR_SSL_INVALID_MAC;
  status = mbedtls_ssl_session_load(session, plain + sizeof(PeerFacts),
                                    plain_size - sizeof(PeerFacts));
  if (status == 0) {
    memcpy(&current->peer, plain, sizeof current->peer);
    current->has_peer = true;
    current->is_resumed = true;
  }
  memset(plain, 0, sizeof plain);
  return status;
}

static int send_bytes(void *context, const unsigned char *bytes, size_t size) {
  Connection *connection = context;
  ssize_t put = send(connection->fd, bytes, size, MSG_NOSIGNAL);
  if (put >= 0) {
    connection->sent_bytes += (uint64_t)put;
    return (int)put;
  }
  if (errno == EAGAIN || errno == EINTR) return MBEDTLS_ERR_SSL_WANT_WRITE;
  connection->error = errno;
  return MBEDTLS_ERR_SSL_CONN_EOF;
}

static int receive_bytes(void *context, unsigned char *out, size_t size) {
  Connection *connection = context;
  ssize_t got = recv(connection->fd, out, size, 0);
  if (got >= 0) {
    connection->received_bytes += (uint64_t)got;
    return (int)got;
  }
  if (errno == EAGAIN || errno == EINTR) return MBEDTLS_ERR_SSL_WANT_READ;
  connection->error = errno;
  return MBEDTLS_ERR_SSL_CONN_EOF;
}

static int parse_credentials(TlsContext *tls, JSContext *ctx, JSValueConst *pems) {
  int status = 0;
  for (int at = 0; at < 3 && status == 0; at++) {
    size_t size = 0;
    const char *pem = JS_ToCStringLen(ctx, &size, pems[at]);
    if (pem == NULL) return -1;
    const uint8_t *bytes = (const uint8_t *)pem;
    if (at == 0)
      status = mbedtls_pk_parse_key(&tls->key, bytes, size + 1, NULL, 0, fill_random,
                                    NULL);
    else
      status = mbedtls_x509_crt_parse(at == 1 ? &tls->certificate : &tls->authority, bytes,
                                      size + 1);
    JS_FreeCString(ctx, pem);
  }
  return status;
}

static int configure(TlsContext *tls, bool is_server) {
  mbedtls_ssl_config *config = &tls->config;
  int status = mbedtls_ssl_config_defaults(
      config, is_server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
      MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
  if (status != 0) return status;
  mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_3);
  mbedtls_ssl_conf_max_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_3);
  mbedtls_ssl_conf_ciphersuites(config, cipher_suites);
  mbedtls_ssl_conf_groups(config, groups);
  mbedtls_ssl_conf_sig_algs(config, signatures);
  mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
  mbedtls_ssl_conf_verify(config, note_chain, NULL);
  mbedtls_ssl_conf_ca_chain(config, &tls->authority, NULL);
  mbedtls_ssl_conf_rng(config, fill_random, NULL);
  mbedtls_ssl_conf_tls13_key_exchange_modes(
      config, MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL |
                  MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL);
  if (is_server) {
    /* The names of CAs that we take cost bytes, and there is one. */
    mbedtls_ssl_conf_cert_req_ca_list(config, MBEDTLS_SSL_CERT_REQ_CA_LIST_DISABLED);
    mbedtls_ssl_conf_session_tickets_cb(config, write_ticket, read_ticket, tls);
  } else {
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
        config, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
  }
  return mbedtls_ssl_conf_own_cert(config, &tls->certificate, &tls->key);
}

static void free_context(TlsContext *tls) {
  mbedtls_ssl_config_free(&tls->config);
  mbedtls_x509_crt_free(&tls->certificate);
  mbedtls_x509_crt_free(&tls->authority);
  mbedtls_pk_free(&tls->key);
  memset(tls->ticket_key, 0, sizeof tls->ticket_key);
  free(tls);
}

/* tlsContext(isServer, keyPem, certificatePem, authorityPem, ticketKey): a number, or null when a PEM cannot be read. */
static JSValue call_context(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Bytes ticket_key;
  size_t at = 0;
  bool is_server = JS_ToBool(ctx, argv[0]) == 1;
  if (get_bytes_of(ctx, argv[4], ticket_key_bytes, &ticket_key) < 0) return JS_EXCEPTION;
  while (at < sizeof contexts / sizeof contexts[0] && contexts[at] != NULL) at++;
  if (at == sizeof contexts / sizeof contexts[0])
    return JS_ThrowRangeError(ctx, "too many TLS contexts");
  if (psa_crypto_init() != PSA_SUCCESS) return JS_ThrowInternalError(ctx, "PSA");
  TlsContext *tls = calloc(1, sizeof *tls);
  if (tls == NULL) return JS_ThrowOutOfMemory(ctx);
  mbedtls_ssl_config_init(&tls->config);
  mbedtls_x509_crt_init(&tls->certificate);
  mbedtls_x509_crt_init(&tls->authority);
  mbedtls_pk_init(&tls->key);
  memcpy(tls->ticket_key, ticket_key.data, ticket_key_bytes);
  int status = parse_credentials(tls, ctx, argv + 1);
  if (status == 0)
    status = mbedtls_sha256(tls->authority.raw.p, tls->authority.raw.len, tls->generation, 0);
  tls->generation[hash_bytes] = ticket_layout;
  if (status == 0) status = configure(tls, is_server);
  if (status != 0) {
    free_context(tls);
    return JS_NULL;
  }
  contexts[at] = tls;
  return JS_NewInt64(ctx, (int64_t)at);
}

static int use_ticket(Connection *connection, Bytes ticket) {
  mbedtls_ssl_session session;
  mbedtls_ssl_session_init(&session);
  /* The first four bytes are for keep_ticket's reader. */
  int status = ticket.size < 4 ? MBEDTLS_ERR_SSL_BAD_INPUT_DATA
                               : mbedtls_ssl_session_load(&session, ticket.data + 4, ticket.size - 4);
  if (status == 0) status = mbedtls_ssl_set_session(&connection->ssl, &session);
  mbedtls_ssl_session_free(&session);
  return status;
}

/*
 * secure(id, context, ticket): begins TLS on a plain connection. `ticket` is of an
 * earlier session with this server, or empty; one that cannot be used is left out.
 */
static JSValue call_secure(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Connection *connection = connection_of(ctx, argv[0]);
  size_t at = 0;
  Bytes ticket;
  if (connection == NULL || get_size(ctx, argv[1], sizeof contexts / sizeof contexts[0] - 1, &at) < 0 ||
      get_bytes(ctx, argv[2], &ticket) < 0)
    return JS_EXCEPTION;
  TlsContext *tls = contexts[at];
  if (tls == NULL || connection->stage != stage_plain)
    return JS_ThrowTypeError(ctx, "no TLS can begin here");
  connection->tls = tls;
  mbedtls_ssl_init(&connection->ssl);
  connection->has_ssl = true;
  int status = mbedtls_ssl_setup(&connection->ssl, &tls->config);
  /* Names of hosts are not looked at: the node id in the certificate is the identity. */
  if (status == 0) status = mbedtls_ssl_set_hostname(&connection->ssl, NULL);
  if (status != 0) {
    end_connection(connection, status);
    return JS_UNDEFINED;
  }
  mbedtls_ssl_set_bio(&connection->ssl, connection, send_bytes, receive_bytes, NULL);
  connection->has_offered_ticket = ticket.size > 0 && use_ticket(connection, ticket) == 0;
  connection->stage = stage_handshaking;
  /* The first step is the next wait's, so that its outcome is always told. */
  connection->wants_write = true;
  return JS_UNDEFINED;
}

static bool is_waiting(Connection *connection, int status) {
  connection->wants_write = status == MBEDTLS_ERR_SSL_WANT_WRITE;
  return status == MBEDTLS_ERR_SSL_WANT_WRITE || status == MBEDTLS_ERR_SSL_WANT_READ;
}

static int reason_of(const Connection *connection, int status) {
  return connection->error != 0 ? connection->error : status;
}

/* RFC 8446, 6: level, then what it is. */
static void note_alert(Connection *connection, int status) {
  if (status == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
    connection->alert = connection->ssl.MBEDTLS_PRIVATE(in_msg)[1];
}

/* 1: secured. 0: not yet. -1: over. */
int step_handshake(Connection *connection) {
  current = connection;
  int status = 0;
  while (status == 0 && !mbedtls_ssl_is_handshake_over(&connection->ssl)) {
    status = mbedtls_ssl_handshake_step(&connection->ssl);
  }
  current = NULL;
  if (status != 0 && is_waiting(connection, status)) return 0;
  if (status != 0) {
    note_alert(connection, status);
    end_connection(connection, reason_of(connection, status));
    return -1;
  }
  /* Without a certificate it was the ticket that proved who the server is: TLS knows no third way. */
  if (connection->has_offered_ticket && !connection->has_peer) connection->is_resumed = true;
  connection->wants_write = false;
  connection->record_start_bytes = connection->received_bytes;
  connection->stage = stage_secured;
  return 1;
}

/* `before`: the bytes that had come before the ticket's record. */
static void keep_ticket(Connection *connection, uint64_t before) {
  uint32_t wire_bytes = (uint32_t)(connection->received_bytes - before);
  mbedtls_ssl_session session;
  mbedtls_ssl_session_init(&session);
  size_t size = 0;
  if (mbedtls_ssl_get_session(&connection->ssl, &session) == 0 &&
      mbedtls_ssl_session_save(&session, NULL, 0, &size) == MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL) {
    uint8_t *saved = malloc(4 + size);
    if (saved != NULL && mbedtls_ssl_session_save(&session, saved + 4, size, &size) == 0) {
      for (int at = 0; at < 4; at++) saved[at] = (uint8_t)(wire_bytes >> (24 - 8 * at));
      free(connection->ticket);
      connection->ticket = saved;
      connection->ticket_size = 4 + size;
    } else {
      free(saved);
    }
  }
  mbedtls_ssl_session_free(&session);
}

ptrdiff_t tls_read(Connection *connection, uint8_t *out, size_t size) {
  int got = MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
  /* A server's ticket goes out with its first read or write after the handshake. */
  current = connection;
  while (got == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
    uint64_t before = connection->record_start_bytes;
    got = mbedtls_ssl_read(&connection->ssl, out, size);
    if (got == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) keep_ticket(connection, before);
    /* mbedTLS reads a record at a time: what is complete here ended one. */
    if (got != MBEDTLS_ERR_SSL_WANT_READ) connection->record_start_bytes = connection->received_bytes;
  }
  current = NULL;
  if (got >= 0) return got;
  if (got == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) return 0;
  /* Its TCP ended without a goodbye: whether that is one is decided by who knows what was said. */
  if (got == MBEDTLS_ERR_SSL_CONN_EOF && connection->error == 0) return 0;
  if (got == MBEDTLS_ERR_SSL_WANT_READ || got == MBEDTLS_ERR_SSL_WANT_WRITE) {
    errno = EAGAIN;
    return -1;
  }
  note_alert(connection, got);
  if (connection->error == 0) connection->error = got;
  return -1;
}

ptrdiff_t tls_write(Connection *connection, const uint8_t *bytes, size_t size) {
  /* After WANT_WRITE mbedTLS expects the same call again. */
  size_t asked = connection->out_pending > 0 ? connection->out_pending : size;
  current = connection;
  int put = mbedtls_ssl_write(&connection->ssl, bytes, asked);
  current = NULL;
  if (put > 0) {
    connection->out_pending = 0;
    return put;
  }
  if (put == MBEDTLS_ERR_SSL_WANT_WRITE || put == MBEDTLS_ERR_SSL_WANT_READ) {
    connection->out_pending = asked;
    errno = EAGAIN;
    return -1;
  }
  note_alert(connection, put);
  if (connection->error == 0)
    connection->error = put == MBEDTLS_ERR_SSL_CONN_EOF ? EPIPE : put;
  return -1;
}

bool tls_has_unread(const Connection *connection) {
  return connection->has_ssl && mbedtls_ssl_check_pending(&connection->ssl) != 0;
}

void tls_goodbye(Connection *connection) { mbedtls_ssl_close_notify(&connection->ssl); }

void free_tls(Connection *connection) {
  if (!connection->has_ssl) return;
  mbedtls_ssl_free(&connection->ssl);
  connection->has_ssl = false;
}

const char *tls_error_name(int error, uint8_t alert) {
  switch (alert) {
    case 0: break;
    case MBEDTLS_SSL_ALERT_MSG_BAD_CERT: return "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE";
    case MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED: return "ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED";
    case MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED: return "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED";
    case MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN: return "ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN";
    case MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA: return "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA";
    case MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED: return "ERR_SSL_TLSV1_ALERT_ACCESS_DENIED";
    case MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION: return "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION";
    case MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC: return "ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC";
    case 116: return "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED";
    default: return "ERR_SSL_HANDSHAKE_FAILURE_ALERT";
  }
  switch (error) {
    case MBEDTLS_ERR_SSL_INVALID_RECORD: return "ERR_SSL_WRONG_VERSION_NUMBER";
    case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION: return "ERR_SSL_UNSUPPORTED_PROTOCOL";
    case MBEDTLS_ERR_SSL_INVALID_MAC: return "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC";
    case MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE: return "ERR_SSL_NO_SUITABLE_KEY_SHARE";
    case MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE:
      return "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE";
    case MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE: return "ERR_SSL_UNEXPECTED_MESSAGE";
    case MBEDTLS_ERR_SSL_CONN_EOF: return "ECONNRESET";
    case MBEDTLS_ERR_SSL_ALLOC_FAILED: return "ENOMEM";
    default: return "ERR_SSL_PROTOCOL_ERROR";
  }
}

/* ticket(id): the newest that the server gave since this was last asked, or null. */
static JSValue call_ticket(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Connection *connection = connection_of(ctx, argv[0]);
  if (connection == NULL) return JS_EXCEPTION;
  if (connection->ticket == NULL) return JS_NULL;
  JSValue result = new_bytes(ctx, connection->ticket, connection->ticket_size);
  free(connection->ticket);
  connection->ticket = NULL;
  return result;
}

static const HostFunction functions[] = {
    {"tlsContext", 5, call_context},
    {"secure", 3, call_secure},
    {"ticket", 1, call_ticket},
};

void add_tls(JSContext *ctx, JSValueConst object) {
  add_functions(ctx, object, functions, sizeof functions / sizeof functions[0]);
}
