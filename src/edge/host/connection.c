/*
 * The table of connections and the one wait. JavaScript calls `wait`, gets what
 * happened as pairs of numbers, and acts; nothing calls back into JavaScript.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"

/* A peer that does not read must not make us hold more than this of what was written to it. */
enum { out_bytes_max = 4 * 1024 * 1024 };

static Connection **table;
static size_t table_size;
static volatile sig_atomic_t caught_signal;
static int signal_pipe[2] = {-1, -1};

Connection *connection_of(JSContext *ctx, JSValueConst id) {
  uint32_t at = 0;
  if (JS_ToUint32(ctx, &at, id) < 0) return NULL;
  if (at < table_size && table[at] != NULL) return table[at];
  JS_ThrowTypeError(ctx, "no connection %u", (unsigned)at);
  return NULL;
}

static bool make_room(void) {
  size_t size = table_size == 0 ? 16 : table_size * 2;
  Connection **larger = realloc(table, size * sizeof *larger);
  if (larger == NULL) return false;
  memset(larger + table_size, 0, (size - table_size) * sizeof *larger);
  table = larger;
  table_size = size;
  return true;
}

Connection *add_connection(int fd, Stage stage, int *id) {
  size_t at = 0;
  while (at < table_size && table[at] != NULL) at++;
  if (at == table_size && !make_room()) return NULL;
  Connection *connection = calloc(1, sizeof *connection);
  if (connection == NULL) return NULL;
  connection->fd = fd;
  connection->stage = stage;
  table[at] = connection;
  *id = (int)at;
  return connection;
}

/* The socket goes at once; the rest stays until JavaScript calls `release`. */
void end_connection(Connection *connection, int error) {
  if (connection->stage == stage_ended) return;
  connection->stage = stage_ended;
  connection->error = error;
  free_tls(connection);
  if (connection->fd >= 0) close(connection->fd);
  connection->fd = -1;
  free(connection->out);
  connection->out = NULL;
  connection->out_size = connection->out_room = 0;
}

static void release(size_t at) {
  Connection *connection = table[at];
  end_connection(connection, 0);
  if (connection->addresses != NULL) freeaddrinfo(connection->addresses);
  free(connection->ticket);
  free(connection);
  table[at] = NULL;
}

static ptrdiff_t write_some(Connection *connection) {
  if (connection->has_ssl) return tls_write(connection, connection->out, connection->out_size);
  ptrdiff_t put = send(connection->fd, connection->out, connection->out_size, MSG_NOSIGNAL);
  if (put > 0) connection->sent_bytes += (uint64_t)put;
  return put;
}

/* Moves what was written towards the socket. */
static void flush(Connection *connection) {
  while (connection->out_size > 0) {
    ptrdiff_t put = write_some(connection);
    if (put < 0 && (errno == EAGAIN || errno == EINTR)) {
      connection->wants_write = true;
      return;
    }
    if (put <= 0) {
      end_connection(connection, put < 0 ? errno : EPIPE);
      return;
    }
    connection->out_size -= (size_t)put;
    memmove(connection->out, connection->out + put, connection->out_size);
  }
  connection->wants_write = false;
  if (!connection->is_closing) return;
  if (connection->has_ssl) tls_goodbye(connection);
  shutdown(connection->fd, SHUT_WR);
  end_connection(connection, 0);
}

static bool can_transfer(const Connection *connection) {
  return connection->stage == stage_plain || connection->stage == stage_secured;
}

/* write(id, bytes): queues them; false when the connection is over or its queue is full. */
static JSValue call_write(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Connection *connection = connection_of(ctx, argv[0]);
  Bytes bytes;
  if (connection == NULL || get_bytes(ctx, argv[1], &bytes) < 0) return JS_EXCEPTION;
  if (!can_transfer(connection) || connection->is_closing ||
      bytes.size > out_bytes_max - connection->out_size)
    return JS_FALSE;
  size_t needed = connection->out_size + bytes.size;
  if (needed > connection->out_room) {
    uint8_t *larger = realloc(connection->out, needed);
    if (larger == NULL) return JS_FALSE;
    connection->out = larger;
    connection->out_room = needed;
  }
  memcpy(connection->out + connection->out_size, bytes.data, bytes.size);
  connection->out_size = needed;
  flush(connection);
  return JS_TRUE;
}

/* read(id, out): bytes; 0 when there are none now; -1 at the end. */
static JSValue call_read(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Connection *connection = connection_of(ctx, argv[0]);
  Bytes out;
  if (connection == NULL || get_bytes(ctx, argv[1], &out) < 0) return JS_EXCEPTION;
  if (!can_transfer(connection)) return JS_NewInt32(ctx, -1);
  ptrdiff_t got = connection->has_ssl ? tls_read(connection, out.data, out.size)
                                      : recv(connection->fd, out.data, out.size, 0);
  if (got > 0) {
    if (!connection->has_ssl) connection->received_bytes += (uint64_t)got;
    return JS_NewInt64(ctx, got);
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return JS_NewInt32(ctx, 0);
  if (got < 0) end_connection(connection, errno);
  connection->peer_ended = true;
  return JS_NewInt32(ctx, -1);
}

/* setReading(id, wanted): whether `wait` tells of bytes, and of the peer's end. */
static JSValue call_set_reading(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Connection *connection = connection_of(ctx, argv[0]);
  if (connection == NULL) return JS_EXCEPTION;
  connection->is_reading = JS_ToBool(ctx, argv[1]) == 1;
  return JS_UNDEFINED;
}

/* closeGently(id): after what was written has left, a goodbye, and the end. */
static JSValue call_close(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Connection *connection = connection_of(ctx, argv[0]);
  if (connection == NULL) return JS_EXCEPTION;
  connection->is_closing = true;
  if (can_transfer(connection)) flush(connection);
  else end_connection(connection, 0);
  return JS_UNDEFINED;
}

/* release(id): the end, at once; the number may be given to another. */
static JSValue call_release(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  uint32_t at = 0;
  if (connection_of(ctx, argv[0]) == NULL || JS_ToUint32(ctx, &at, argv[0]) < 0)
    return JS_EXCEPTION;
  release(at);
  return JS_UNDEFINED;
}

static JSValue error_text(JSContext *ctx, int error) {
  if (error == 0) return JS_NewString(ctx, "");
  if (error > 0) return JS_NewString(ctx, strerror(error));
  char text[32];
  snprintf(text, sizeof text, "TLS -0x%04x", (unsigned)-error);
  return JS_NewString(ctx, text);
}

/* connectionFacts(id): { sentBytes, receivedBytes, queuedBytes, isResumed, error, peer }. */
static JSValue call_facts(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const Connection *connection = connection_of(ctx, argv[0]);
  if (connection == NULL) return JS_EXCEPTION;
  JSValue facts = JS_NewObject(ctx);
  JS_SetPropertyStr(ctx, facts, "sentBytes", JS_NewInt64(ctx, (int64_t)connection->sent_bytes));
  JS_SetPropertyStr(ctx, facts, "receivedBytes",
                    JS_NewInt64(ctx, (int64_t)connection->received_bytes));
  JS_SetPropertyStr(ctx, facts, "queuedBytes", JS_NewInt64(ctx, (int64_t)connection->out_size));
  JS_SetPropertyStr(ctx, facts, "isResumed", JS_NewBool(ctx, connection->is_resumed));
  JS_SetPropertyStr(ctx, facts, "error", error_text(ctx, connection->error));
  JS_SetPropertyStr(ctx, facts, "peer",
                    connection->has_peer ? facts_to_object(ctx, &connection->peer) : JS_NULL);
  return facts;
}

static void on_signal(int number) {
  int reason = errno;
  caught_signal = number;
  ssize_t ignored = write(signal_pipe[1], "", 1);
  (void)ignored;
  errno = reason;
}

/* catchSignals(): from now on SIGINT and SIGTERM are told by `wait`. */
static JSValue call_catch(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc; (void)argv;
  if (signal_pipe[0] < 0 && pipe2(signal_pipe, O_NONBLOCK | O_CLOEXEC) < 0)
    return JS_ThrowInternalError(ctx, "pipe: %s", strerror(errno));
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  return JS_UNDEFINED;
}

typedef struct {
  JSContext *ctx;
  JSValue list;
  uint32_t count;
} Events;

static void tell(Events *events, int id, int what) {
  JS_SetPropertyUint32(events->ctx, events->list, events->count++, JS_NewInt32(events->ctx, id));
  JS_SetPropertyUint32(events->ctx, events->list, events->count++, JS_NewInt32(events->ctx, what));
}

static short wanted_of(const Connection *connection) {
  switch (connection->stage) {
    case stage_listening:
      return connection->is_reading ? POLLIN : 0;
    case stage_connecting:
      return POLLOUT;
    case stage_handshaking:
      return connection->wants_write ? POLLOUT : POLLIN;
    case stage_plain:
    case stage_secured:
      return (short)((connection->is_reading && !connection->peer_ended ? POLLIN : 0) |
                     (connection->wants_write ? POLLOUT : 0));
    case stage_ended:
      break;
  }
  return 0;
}

static void accept_all(Connection *listener, Events *events) {
  for (;;) {
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    int id = -1;
    if (fd < 0) return;
    if (add_connection(fd, stage_plain, &id) == NULL) {
      close(fd);
      return;
    }
    tell(events, id, event_accepted);
  }
}

static void finish_connecting(Connection *connection, int id, Events *events) {
  int reason = 0;
  socklen_t size = sizeof reason;
  getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &reason, &size);
  if (reason == 0) {
    connection->stage = stage_plain;
    tell(events, id, event_connected);
    return;
  }
  connection->error = reason;
  try_next_address(connection);
}

static void serve(Connection *connection, int id, short happened, Events *events) {
  switch (connection->stage) {
    case stage_listening:
      if (happened != 0) accept_all(connection, events);
      return;
    case stage_connecting:
      if (happened != 0) finish_connecting(connection, id, events);
      break;
    case stage_handshaking:
      if (happened != 0 && step_handshake(connection) > 0) tell(events, id, event_secured);
      break;
    case stage_plain:
    case stage_secured:
      if ((happened & POLLOUT) != 0) {
        flush(connection);
        if (connection->stage != stage_ended && !connection->wants_write)
          tell(events, id, event_drained);
      }
      if (can_transfer(connection) && connection->is_reading && !connection->peer_ended &&
          ((happened & (POLLIN | POLLHUP | POLLERR)) != 0 ||
           (connection->has_ssl && tls_has_unread(connection))))
        tell(events, id, event_readable);
      break;
    case stage_ended:
      break;
  }
  if (connection->stage == stage_ended) tell(events, id, event_ended);
}

static bool must_not_sleep(const Connection *connection) {
  return connection->stage == stage_ended ||
         (connection->stage == stage_secured && connection->is_reading &&
          !connection->peer_ended && tls_has_unread(connection));
}

/*
 * wait(timeoutMs): what happened, as id, event, id, event …; empty when the time is
 * up. An ended connection is told again and again until it is released. A signal
 * comes as its number and event_signal.
 */
static JSValue call_wait(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  double timeout_ms = 0;
  if (JS_ToFloat64(ctx, &timeout_ms, argv[0]) < 0) return JS_EXCEPTION;
  size_t size = table_size;
  struct pollfd *polled = calloc(size + 1, sizeof *polled);
  if (polled == NULL) return JS_ThrowOutOfMemory(ctx);
  bool is_late = false;
  for (size_t at = 0; at < size; at++) {
    Connection *connection = table[at];
    polled[at].fd = -1;
    if (connection == NULL) continue;
    is_late = is_late || must_not_sleep(connection);
    polled[at].events = wanted_of(connection);
    if (polled[at].events != 0) polled[at].fd = connection->fd;
  }
  polled[size] = (struct pollfd){.fd = signal_pipe[0], .events = POLLIN};
  int wait_ms = is_late || !(timeout_ms > 0) ? 0 : timeout_ms > 60000 ? 60000 : (int)timeout_ms + 1;
  poll(polled, size + 1, wait_ms);
  Events events = {.ctx = ctx, .list = JS_NewArray(ctx), .count = 0};
  for (size_t at = 0; at < size; at++)
    if (table[at] != NULL) serve(table[at], (int)at, polled[at].revents, &events);
  if ((polled[size].revents & POLLIN) != 0) {
    char drained[16];
    while (read(signal_pipe[0], drained, sizeof drained) > 0) continue;
    tell(&events, caught_signal, event_signal);
  }
  free(polled);
  return events.list;
}

static const HostFunction functions[] = {
    {"wait", 1, call_wait},
    {"write", 2, call_write},
    {"read", 2, call_read},
    {"setReading", 2, call_set_reading},
    {"closeGently", 1, call_close},
    {"release", 1, call_release},
    {"connectionFacts", 1, call_facts},
    {"catchSignals", 0, call_catch},
};

void add_connections(JSContext *ctx, JSValueConst object) {
  add_functions(ctx, object, functions, sizeof functions / sizeof functions[0]);
}
