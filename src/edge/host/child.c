/*
 * Processes of the same command, for the torture: started with three sockets as their
 * standard streams, killed, asked how they ended. None outlives this one, however it ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "connection.h"

enum { stream_count = 3 };

typedef struct {
  char **words;
  char **environment;
  const char *folder;
  bool is_apart;
  /* Ours and the child's of each standard stream; -1 before it is made. */
  int ours[stream_count];
  int theirs[stream_count];
  /* Tells why the child could not become the command. */
  int report[2];
} Start;

static void free_texts(char **texts) {
  for (size_t at = 0; texts != NULL && texts[at] != NULL; at++) free(texts[at]);
  free(texts);
}

/* Copies an array of texts, with a NULL at its end; NULL with an exception pending. */
static char **get_texts(JSContext *ctx, JSValueConst array) {
  int64_t count = 0;
  JSValue length = JS_GetPropertyStr(ctx, array, "length");
  if (JS_ToInt64(ctx, &count, length) < 0) return NULL;
  char **texts = calloc((size_t)count + 1, sizeof *texts);
  if (texts == NULL) {
    JS_ThrowOutOfMemory(ctx);
    return NULL;
  }
  for (int64_t at = 0; at < count; at++) {
    JSValue value = JS_GetPropertyUint32(ctx, array, (uint32_t)at);
    const char *text = get_path(ctx, value);
    texts[at] = text == NULL ? NULL : strdup(text);
    JS_FreeCString(ctx, text);
    JS_FreeValue(ctx, value);
    if (texts[at] == NULL) {
      if (text != NULL) JS_ThrowOutOfMemory(ctx);
      free_texts(texts);
      return NULL;
    }
  }
  return texts;
}

static void close_all(int *fds, size_t count) {
  for (size_t at = 0; at < count; at++) {
    if (fds[at] >= 0) close(fds[at]);
    fds[at] = -1;
  }
}

static bool open_streams(Start *start) {
  for (size_t at = 0; at < stream_count; at++) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) return false;
    start->ours[at] = pair[0];
    start->theirs[at] = pair[1];
    if (fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0) return false;
  }
  return pipe2(start->report, O_CLOEXEC) == 0;
}

static void become(const Start *start, pid_t parent) {
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  bool is_ready = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
  /* It may have gone before it could be asked for. */
  if (getppid() != parent) _exit(127);
  if (is_ready && start->is_apart) is_ready = setsid() >= 0;
  if (is_ready) is_ready = chdir(start->folder) == 0;
  for (int at = 0; is_ready && at < stream_count; at++)
    is_ready = dup2(start->theirs[at], at) >= 0;
  if (is_ready) execvpe(start->words[0], start->words, start->environment);
  int reason = errno;
  ssize_t ignored = write(start->report[1], &reason, sizeof reason);
  (void)ignored;
  _exit(127);
}

/* The child, or -1 and errno. */
static pid_t launch(Start *start) {
  if (!open_streams(start)) return -1;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child == 0) become(start, parent);
  close_all(start->theirs, stream_count);
  close_all(start->report + 1, 1);
  if (child < 0) return -1;
  int reason = 0;
  ssize_t got = read(start->report[0], &reason, sizeof reason);
  while (got < 0 && errno == EINTR) got = read(start->report[0], &reason, sizeof reason);
  if (got <= 0) return child;
  waitpid(child, NULL, 0);
  errno = reason;
  return -1;
}

static JSValue child_to_object(JSContext *ctx, pid_t child, Start *start) {
  static const char *const names[stream_count] = {"input", "output", "errors"};
  JSValue object = JS_NewObject(ctx);
  JS_SetPropertyStr(ctx, object, "pid", JS_NewInt32(ctx, child));
  for (size_t at = 0; at < stream_count; at++) {
    int id = -1;
    if (add_connection(start->ours[at], stage_plain, &id) == NULL) {
      kill(child, SIGKILL);
      JS_FreeValue(ctx, object);
      return JS_ThrowOutOfMemory(ctx);
    }
    start->ours[at] = -1;
    JS_SetPropertyStr(ctx, object, names[at], JS_NewInt32(ctx, id));
  }
  return object;
}

/* childStart(words, environment, folder, isApart): { pid, input, output, errors }, or an errno. */
static JSValue call_start(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Start start = {.ours = {-1, -1, -1}, .theirs = {-1, -1, -1}, .report = {-1, -1}};
  JSValue result = JS_EXCEPTION;
  start.is_apart = JS_ToBool(ctx, argv[3]) == 1;
  start.words = get_texts(ctx, argv[0]);
  start.environment = start.words == NULL ? NULL : get_texts(ctx, argv[1]);
  start.folder = start.environment == NULL ? NULL : get_path(ctx, argv[2]);
  if (start.folder != NULL) {
    pid_t child = launch(&start);
    result = child < 0 ? fault(ctx, errno) : child_to_object(ctx, child, &start);
  }
  close_all(start.ours, stream_count);
  close_all(start.theirs, stream_count);
  close_all(start.report, 2);
  free_texts(start.words);
  free_texts(start.environment);
  JS_FreeCString(ctx, start.folder);
  return result;
}

/* childSignal(pid, number): of a child that was not yet asked how it ended. */
static JSValue call_signal(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t child = 0;
  int32_t number = 0;
  if (JS_ToInt32(ctx, &child, argv[0]) < 0 || JS_ToInt32(ctx, &number, argv[1]) < 0)
    return JS_EXCEPTION;
  if (child <= 1) return JS_ThrowTypeError(ctx, "no child %d", (int)child);
  return JS_NewBool(ctx, kill(child, number) == 0);
}

/* childEnd(pid): null while it runs; then, once, its exit status, or less than 0 the signal that ended it. */
static JSValue call_end(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t child = 0;
  int status = 0;
  if (JS_ToInt32(ctx, &child, argv[0]) < 0) return JS_EXCEPTION;
  pid_t found = waitpid(child, &status, WNOHANG);
  if (found == 0) return JS_NULL;
  if (found < 0) return JS_ThrowTypeError(ctx, "no child %d", (int)child);
  return JS_NewInt32(ctx, WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
}

static const HostFunction functions[] = {
    {"childStart", 4, call_start},
    {"childSignal", 2, call_signal},
    {"childEnd", 1, call_end},
};

void add_children(JSContext *ctx, JSValueConst object) {
  add_functions(ctx, object, functions, sizeof functions / sizeof functions[0]);
}
