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
  /* Nothing comes or goes any more; kept until JavaScript has asked why. */
  stage_ended,
} Stage;

/* Who the peer is: from its certificate, or on a resumption from the ticket. */
typedef struct {
  char uri[128];
  bool is_server;
  bool is_client;
  double not_after_ms;
  uint8_t key_fingerprint[32];
} PeerFacts;

typedef struct TlsContext TlsContext;

typedef struct {
  Stage stage;
  int fd;
  /* Addresses of the name that are still to be tried. */
  AddressList *addresses;
  AddressList *next_address;
  TlsContext *tls;
  mbedtls_ssl_context ssl;
  bool has_ssl;
  bool is_reading;
  bool is_closing;
  bool is_resumed;
  bool wants_write;
  bool peer_ended;
  bool has_peer;
  PeerFacts peer;
  /* What JavaScript wrote and the socket has not taken. */
  uint8_t *out;
  size_t out_size;
  size_t out_room;
  /* mbedTLS wants the same bytes again after it could not write. */
  size_t out_pending;
  /* The newest ticket that the server gave us, as mbedTLS serialises it. */
  uint8_t *ticket;
  size_t ticket_size;
  uint64_t sent_bytes;
  uint64_t received_bytes;
  /* Of errno or mbedTLS; 0: a clean end. */
  int error;
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
void add_tls(JSContext *ctx, JSValueConst object);

/* certificate.c */
bool read_peer_facts(const mbedtls_x509_crt *certificate, PeerFacts *facts);
JSValue facts_to_object(JSContext *ctx, const PeerFacts *facts);
void add_certificates(JSContext *ctx, JSValueConst object);

/* address.c */
void try_next_address(Connection *connection);
void add_addresses(JSContext *ctx, JSValueConst object);

void add_connections(JSContext *ctx, JSValueConst object);

#endif
