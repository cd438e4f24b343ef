/*
 * The table of connections and the one wait. JavaScript calls `wait`, gets what
 * happened as pairs of numbers, and acts; nothing calls back into JavaScript.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"

/* A peer that does not read must not make us hold more than this of what was written to it. */
enum { out_bytes_max = 4 * 1024 * 1024 };
/* What a peer may still send after our end: more than an honest one ever has in flight. */
enum { lingered_bytes_max = 1024 * 1024 };

static Connection **table;
static size_t table_size;
static volatile sig_atomic_t caught_signal;
static int signal_pipe[2] = {-1, -1};
static bool is_input_watched;

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
  connection->listener = -1;
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
      end_connection(connection, connection->error != 0 ? connection->error
                                 : put < 0              ? errno
                                                        : EPIPE);
      return;
    }
    connection->out_size -= (size_t)put;
    memmove(connection->out, connection->out + put, connection->out_size);
  }
  connection->wants_write = false;
  if (!connection->is_closing) return;
  /*
   * Closing with unread bytes would make the system send a reset, which may overtake our
   * last words. So what the peer still sends is thrown away until it has ended, too.
   */
  if (connection->has_ssl) tls_goodbye(connection);
  free_tls(connection);
  shutdown(connection->fd, SHUT_WR);
  connection->stage = stage_lingering;
}

static void linger(Connection *connection) {
  uint8_t unread[4096];
  for (;;) {
    ssize_t got = recv(connection->fd, unread, sizeof unread, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got > 0) {
      connection->received_bytes += (uint64_t)got;
      connection->lingered_bytes += (size_t)got;
    }
    if (got <= 0 || connection->lingered_bytes > lingered_bytes_max) {
      end_connection(connection, 0);
      return;
    }
  }
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
  if (bytes.size > 0) memcpy(connection->out + connection->out_size, bytes.data, bytes.size);
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
  if (got < 0) end_connection(connection, connection->error != 0 ? connection->error : errno);
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

/* peek(id): how many bytes can be read from a plain connection at once; -1 at its end. */
static JSValue call_peek(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Connection *connection = connection_of(ctx, argv[0]);
  int count = 0;
  if (connection == NULL) return JS_EXCEPTION;
  if (connection->stage != stage_plain || ioctl(connection->fd, FIONREAD, &count) < 0)
    return JS_NewInt32(ctx, -1);
  return JS_NewInt32(ctx, count);
}

/* closeGently(id): after what was written has left, a goodbye; `wait` tells of that, and later of the end. */
static JSValue call_close(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Connection *connection = connection_of(ctx, argv[0]);
  if (connection == NULL) return JS_EXCEPTION;
  if (connection->is_closing) return JS_UNDEFINED;
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

static const char *error_name(const Connection *connection) {
  if (connection->error == 0) return "";
  if (connection->error > 0) return errno_name(connection->error);
  return tls_error_name(connection->error, connection->alert);
}

/* connectionFacts(id): { listener, sentBytes, receivedBytes, queuedBytes, isResumed, error, peer }. */
static JSValue call_facts(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const Connection *connection = connection_of(ctx, argv[0]);
  if (connection == NULL) return JS_EXCEPTION;
  JSValue facts = JS_NewObject(ctx);
  JS_SetPropertyStr(ctx, facts, "listener", JS_NewInt32(ctx, connection->listener));
  JS_SetPropertyStr(ctx, facts, "sentBytes", JS_NewInt64(ctx, (int64_t)connection->sent_bytes));
  JS_SetPropertyStr(ctx, facts, "receivedBytes",
                    JS_NewInt64(ctx, (int64_t)connection->received_bytes));
  JS_SetPropertyStr(ctx, facts, "queuedBytes", JS_NewInt64(ctx, (int64_t)connection->out_size));
  JS_SetPropertyStr(ctx, facts, "isResumed", JS_NewBool(ctx, connection->is_resumed));
  JS_SetPropertyStr(ctx, facts, "error", JS_NewString(ctx, error_name(connection)));
  JS_SetPropertyStr(ctx, facts, "peer",
                    connection->has_peer ? facts_to_object(ctx, &connection->peer) : JS_NULL);
  return facts;
}

/* countBytes(id, which): "sent", "received" or "queued". */
static JSValue call_count(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const Connection *connection = connection_of(ctx, argv[0]);
  if (connection == NULL) return JS_EXCEPTION;
  const char *which = JS_ToCString(ctx, argv[1]);
  if (which == NULL) return JS_EXCEPTION;
  uint64_t count = which[0] == 's'   ? connection->sent_bytes
                   : which[0] == 'r' ? connection->received_bytes
                                     : connection->out_size;
  JS_FreeCString(ctx, which);
  return JS_NewInt64(ctx, (int64_t)count);
}

/* A second signal ends a process that is too busy, or too stuck, to hear the first. */
static void on_signal(int number) {
  int reason = errno;
  if (caught_signal != 0) _exit(128 + number);
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

/* watchInput(wanted): whether `wait` tells that standard input can be read, or has ended. */
static JSValue call_watch_input(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  is_input_watched = JS_ToBool(ctx, argv[0]) == 1;
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
    case stage_lingering:
      return POLLIN;
    case stage_ended:
      break;
  }
  return 0;
}

static void accept_all(Connection *listener, int listener_id, Events *events) {
  for (;;) {
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    int id = -1;
    if (fd < 0) return;
    Connection *accepted = add_connection(fd, stage_plain, &id);
    if (accepted == NULL) {
      close(fd);
      return;
    }
    accepted->listener = listener_id;
    set_socket_options(fd);
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
      if (happened != 0) accept_all(connection, id, events);
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
    case stage_lingering:
      break;
    case stage_ended:
      break;
  }
  if (connection->stage == stage_lingering && !connection->has_told_flushed) {
    connection->has_told_flushed = true;
    tell(events, id, event_flushed);
  }
  if (connection->stage == stage_lingering && happened != 0) linger(connection);
  if (connection->stage == stage_ended) tell(events, id, event_ended);
}

static bool must_not_sleep(const Connection *connection) {
  return connection->stage == stage_ended ||
         (connection->stage == stage_lingering && !connection->has_told_flushed) ||
         (connection->stage == stage_secured && connection->is_reading &&
          !connection->peer_ended && tls_has_unread(connection));
}

/*
 * wait(timeoutMs): what happened, as id, event, id, event …; empty when the time is
 * up. An ended connection is told again and again until it is released. A signal
 * comes as its number and event_signal, input as 0 and event_input.
 */
static JSValue call_wait(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  double timeout_ms = 0;
  if (JS_ToFloat64(ctx, &timeout_ms, argv[0]) < 0) return JS_EXCEPTION;
  size_t size = table_size;
  struct pollfd *polled = calloc(size + 2, sizeof *polled);
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
  polled[size + 1] = (struct pollfd){.fd = is_input_watched ? 0 : -1, .events = POLLIN};
  int wait_ms = is_late || !(timeout_ms > 0) ? 0 : timeout_ms > 60000 ? 60000 : (int)timeout_ms + 1;
  poll(polled, size + 2, wait_ms);
  Events events = {.ctx = ctx, .list = JS_NewArray(ctx), .count = 0};
  for (size_t at = 0; at < size; at++)
    if (table[at] != NULL) serve(table[at], (int)at, polled[at].revents, &events);
  if ((polled[size].revents & POLLIN) != 0) {
    char drained[16];
    while (read(signal_pipe[0], drained, sizeof drained) > 0) continue;
    tell(&events, caught_signal, event_signal);
    caught_signal = 0;
  }
  if (polled[size + 1].revents != 0) tell(&events, 0, event_input);
  free(polled);
  return events.list;
}

static const HostFunction functions[] = {
    {"wait", 1, call_wait},
    {"write", 2, call_write},
    {"read", 2, call_read},
    {"setReading", 2, call_set_reading},
    {"peek", 1, call_peek},
    {"closeGently", 1, call_close},
    {"release", 1, call_release},
    {"connectionFacts", 1, call_facts},
    {"countBytes", 2, call_count},
    {"catchSignals", 0, call_catch},
    {"watchInput", 1, call_watch_input},
};

void add_connections(JSContext *ctx, JSValueConst object) {
  add_functions(ctx, object, functions, sizeof functions / sizeof functions[0]);
}
