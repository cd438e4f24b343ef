/*
 * Sockets, plain (the node's own socket file) or under TLS. One table of
 * connections, one poll() over all of them; nothing blocks but name lookup.
 */
#ifndef ZAMSYNC_CONNECTION_H
#define ZAMSYNC_CONNECTION_H

#include <stdbool.h>

#include "host.h"
#include "mbedtls/ssl.h"

typedef struct addrinfo AddressList;

typedef enum {
  stage_listening,
  stage_connecting,
  stage_plain,
  stage_handshaking,
  stage_secured,
  /* Our side has ended; what still comes is thrown away until the peer's has. */
  stage_lingering,
  /* Nothing comes or goes any more; kept until JavaScript has asked why. */
  stage_ended,
} Stage;

/* Who the peer is: from its certificate, or on a resumption from the ticket. */
typedef struct {
  char uri[96];
  /* Our CA signed it. */
  bool is_issued;
  bool is_authority;
  bool is_server;
  bool is_client;
  double not_after_ms;
  uint8_t key_fingerprint[32];
} PeerFacts;

typedef struct TlsContext TlsContext;

typedef struct {
  Stage stage;
  int fd;
  /* The listening place that it came in by, or -1. */
  int listener;
  /* Addresses of the name that are still to be tried. */
  AddressList *addresses;
  AddressList *next_address;
  TlsContext *tls;
  mbedtls_ssl_context ssl;
  bool has_ssl;
  bool is_reading;
  bool is_closing;
  bool has_told_flushed;
  bool has_offered_ticket;
  bool is_resumed;
  bool wants_write;
  bool peer_ended;
  bool has_peer;
  bool has_bad_chain;
  PeerFacts peer;
  /* What JavaScript wrote and the socket has not taken. */
  uint8_t *out;
  size_t out_size;
  size_t out_room;
  /* mbedTLS wants the same bytes again after it could not write. */
  size_t out_pending;
  /* Received when the last TLS record was complete. */
  uint64_t record_start_bytes;
  /* The newest ticket that the server gave us: its bytes on the wire, then as mbedTLS serialises it. */
  uint8_t *ticket;
  size_t ticket_size;
  size_t lingered_bytes;
  uint64_t sent_bytes;
  uint64_t received_bytes;
  /* Of errno, or mbedTLS's negative numbers; 0: a clean end. */
  int error;
  /* What the peer's TLS said when it gave up, or 0. */
  uint8_t alert;
} Connection;

/* What `wait` tells; src/edge/host-functions.ts has the same numbers. */
enum {
  event_accepted = 1,
  event_connected = 2,
  event_secured = 3,
  event_readable = 4,
  event_drained = 5,
  event_ended = 6,
  event_signal = 7,
  event_flushed = 8,
  event_input = 9,
};

Connection *connection_of(JSContext *ctx, JSValueConst id);
/* A place in the table; NULL when there is no memory. */
Connection *add_connection(int fd, Stage stage, int *id);
void end_connection(Connection *connection, int error);

/* tls.c */
void free_tls(Connection *connection);
int step_handshake(Connection *connection);
/* As read() and write(): bytes, 0 for the end, -1 and EAGAIN, or another negative number. */
ptrdiff_t tls_read(Connection *connection, uint8_t *out, size_t size);
ptrdiff_t tls_write(Connection *connection, const uint8_t *bytes, size_t size);
bool tls_has_unread(const Connection *connection);
void tls_goodbye(Connection *connection);
/* As OpenSSL's error codes have it in Node, for what src/network/socket-errors.ts tells apart. */
const char *tls_error_name(int error, uint8_t alert);
void add_tls(JSContext *ctx, JSValueConst object);

/* certificate.c */
bool read_peer_facts(const mbedtls_x509_crt *certificate, PeerFacts *facts);
JSValue facts_to_object(JSContext *ctx, const PeerFacts *facts);
bool read_uri(const mbedtls_x509_sequence *names, char *out, size_t room);
bool parse_certificate(JSContext *ctx, JSValueConst pem, mbedtls_x509_crt *out);
void add_certificates(JSContext *ctx, JSValueConst object);

/* authority.c */
void add_authority(JSContext *ctx, JSValueConst object);

/* address.c */
void set_socket_options(int fd);
void try_next_address(Connection *connection);
void add_addresses(JSContext *ctx, JSValueConst object);

void add_connections(JSContext *ctx, JSValueConst object);

/* child.c */
void add_children(JSContext *ctx, JSValueConst object);

#endif
