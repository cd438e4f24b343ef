/* From names to sockets: connecting, listening. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "connection.h"

void set_socket_options(int fd) {
  static const int on = 1;
  /* Keep-alive lets the kernel find a dead peer behind a link that fell silent. */
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

/* Starts with the next address of the name; ends the connection when there is none. */
void try_next_address(Connection *connection) {
  int reason = connection->error == 0 ? EHOSTUNREACH : connection->error;
  while (connection->next_address != NULL) {
    const AddressList *address = connection->next_address;
    connection->next_address = address->ai_next;
    if (connection->fd >= 0) close(connection->fd);
    connection->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd >= 0) {
      set_socket_options(connection->fd);
      if (connect(connection->fd, address->ai_addr, address->ai_addrlen) == 0 ||
          errno == EINPROGRESS)
        return;
    }
    reason = errno;
  }
  end_connection(connection, reason);
}

static AddressList *look_up(const char *host, const char *port, int flags, int *status) {
  const AddressList hints = {
      .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
  AddressList *list = NULL;
  *status = getaddrinfo(host, port, &hints, &list);
  return *status == 0 ? list : NULL;
}

static JSValue look_up_fault(JSContext *ctx, int status) {
  return JS_NewString(ctx, status == EAI_AGAIN ? "EAI_AGAIN" : "ENOTFOUND");
}

/* connect(host, port): a connection on its way; "ENOTFOUND", "EAI_AGAIN": the name has no address. */
static JSValue call_connect(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *host = get_path(ctx, argv[0]);
  if (host == NULL) return JS_EXCEPTION;
  const char *port = get_path(ctx, argv[1]);
  JSValue result = JS_EXCEPTION;
  if (port != NULL) {
    int status = 0;
    int id = -1;
    AddressList *list = look_up(host, port, 0, &status);
    Connection *connection = list == NULL ? NULL : add_connection(-1, stage_connecting, &id);
    if (connection == NULL) {
      if (list != NULL) freeaddrinfo(list);
      result = list == NULL ? look_up_fault(ctx, status) : fault(ctx, ENOMEM);
    } else {
      connection->addresses = list;
      connection->next_address = list;
      try_next_address(connection);
      result = JS_NewInt32(ctx, id);
    }
    JS_FreeCString(ctx, port);
  }
  JS_FreeCString(ctx, host);
  return result;
}

static int listen_on(const AddressList *address) {
  static const int on = 1;
  static const int off = 0;
  int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address->ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, 128) == 0) return fd;
  int reason = errno;
  close(fd);
  errno = reason;
  return -1;
}

static JSValue listening(JSContext *ctx, int fd) {
  int id = -1;
  if (fd < 0) return fault(ctx, errno);
  if (add_connection(fd, stage_listening, &id) == NULL) {
    close(fd);
    return fault(ctx, ENOMEM);
  }
  return JS_NewInt32(ctx, id);
}

/* listen(host, port): a listening place; "EADDRINUSE": the port is taken; "ENOTFOUND": no such name. */
static JSValue call_listen(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *host = get_path(ctx, argv[0]);
  if (host == NULL) return JS_EXCEPTION;
  const char *port = get_path(ctx, argv[1]);
  JSValue result = JS_EXCEPTION;
  if (port != NULL) {
    int status = 0;
    AddressList *list = look_up(host, port, AI_PASSIVE, &status);
    if (list == NULL) {
      result = look_up_fault(ctx, status);
    } else {
      result = listening(ctx, listen_on(list));
      freeaddrinfo(list);
    }
    JS_FreeCString(ctx, port);
  }
  JS_FreeCString(ctx, host);
  return result;
}

static int local_socket(const char *path, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address->sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address->sun_path, path, strlen(path));
  return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* listenLocal(path), connectLocal(path): the node's own socket file, for this user alone. */
static JSValue call_listen_local(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  struct sockaddr_un address;
  int fd = local_socket(path, &address);
  mode_t before = umask(0177);
  bool failed = fd >= 0 && (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
                            listen(fd, 128) < 0);
  int reason = errno;
  umask(before);
  if (failed) {
    close(fd);
    fd = -1;
  }
  errno = reason;
  JSValue result = listening(ctx, fd);
  JS_FreeCString(ctx, path);
  return result;
}

static JSValue call_connect_local(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  struct sockaddr_un address;
  int fd = local_socket(path, &address);
  JSValue result = JS_UNDEFINED;
  int id = -1;
  if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
    result = fault(ctx, errno);
    if (fd >= 0) close(fd);
  } else if (add_connection(fd, stage_plain, &id) == NULL) {
    close(fd);
    result = fault(ctx, ENOMEM);
  } else {
    result = JS_NewInt32(ctx, id);
  }
  JS_FreeCString(ctx, path);
  return result;
}

/* localPort(id): of a listening place. */
static JSValue call_local_port(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const Connection *connection = connection_of(ctx, argv[0]);
  if (connection == NULL) return JS_EXCEPTION;
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  if (getsockname(connection->fd, (struct sockaddr *)&address, &size) < 0)
    return fault(ctx, errno);
  if (address.ss_family == AF_INET)
    return JS_NewInt32(ctx, ntohs(((const struct sockaddr_in *)&address)->sin_port));
  if (address.ss_family == AF_INET6)
    return JS_NewInt32(ctx, ntohs(((const struct sockaddr_in6 *)&address)->sin6_port));
  return JS_NewInt32(ctx, 0);
}

/* remoteAddress(id): "ADDRESS:PORT", or "" when it is gone. */
static JSValue call_remote(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const Connection *connection = connection_of(ctx, argv[0]);
  if (connection == NULL) return JS_EXCEPTION;
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  char host[64] = "";
  char port[16] = "";
  if (getpeername(connection->fd, (struct sockaddr *)&address, &size) < 0 ||
      getnameinfo((const struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return JS_NewString(ctx, "");
  char text[96];
  bool is_v6 = strchr(host, ':') != NULL;
  snprintf(text, sizeof text, is_v6 ? "[%s]:%s" : "%s:%s", host, port);
  return JS_NewString(ctx, text);
}

/* isAddress(text) */
static JSValue call_is_address(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *text = get_path(ctx, argv[0]);
  if (text == NULL) return JS_EXCEPTION;
  uint8_t address[sizeof(struct in6_addr)];
  bool is = inet_pton(AF_INET6, text, address) == 1 || inet_pton(AF_INET, text, address) == 1;
  JS_FreeCString(ctx, text);
  return JS_NewBool(ctx, is);
}

/* setKeepAlive(id, isWanted, afterS): TCP's own probes of a silent connection. */
static JSValue call_keep_alive(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const Connection *connection = connection_of(ctx, argv[0]);
  int32_t after_s = 60;
  if (connection == NULL || JS_ToInt32(ctx, &after_s, argv[2]) < 0) return JS_EXCEPTION;
  int wanted = JS_ToBool(ctx, argv[1]) == 1;
  if (connection->fd < 0) return JS_UNDEFINED;
  setsockopt(connection->fd, SOL_SOCKET, SO_KEEPALIVE, &wanted, sizeof wanted);
  if (wanted) setsockopt(connection->fd, IPPROTO_TCP, TCP_KEEPIDLE, &after_s, sizeof after_s);
  return JS_UNDEFINED;
}

static const HostFunction functions[] = {
    {"connect", 2, call_connect},           {"listen", 2, call_listen},
    {"listenLocal", 1, call_listen_local},  {"connectLocal", 1, call_connect_local},
    {"localPort", 1, call_local_port},      {"remoteAddress", 1, call_remote},
    {"isAddress", 1, call_is_address},
    {"setKeepAlive", 3, call_keep_alive},
};

void add_addresses(JSContext *ctx, JSValueConst object) {
  add_functions(ctx, object, functions, sizeof functions / sizeof functions[0]);
}
