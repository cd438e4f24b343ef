/*
 * Files, for core's FileStore and for the few small files beside the log.
 * Everything blocks. Descriptors are numbers that TypeScript keeps; modes are
 * 0600 and 0700 whatever the umask.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "host.h"

/* Offsets and sizes are exact in doubles. */
static const size_t offset_max = (size_t)1 << (sizeof(size_t) > 4 ? 53 : 31);
enum { file_mode = 0600, folder_mode = 0700 };

static JSValue answer(JSContext *ctx, int result) {
  return result < 0 ? fault(ctx, errno) : JS_UNDEFINED;
}

static int flags_of(const char *mode) {
  if (strcmp(mode, "read") == 0) return O_RDONLY;
  if (strcmp(mode, "write") == 0) return O_RDWR;
  if (strcmp(mode, "create") == 0) return O_RDWR | O_CREAT | O_EXCL;
  if (strcmp(mode, "replace") == 0) return O_RDWR | O_CREAT | O_TRUNC;
  return -1;
}

/* fileOpen(path, mode): a descriptor, or a fault. */
static JSValue call_open(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  const char *mode = JS_ToCString(ctx, argv[1]);
  JSValue result = JS_EXCEPTION;
  int flags = mode == NULL ? -1 : flags_of(mode);
  if (mode != NULL && flags < 0) JS_ThrowTypeError(ctx, "no mode: %s", mode);
  if (flags >= 0) {
    int fd = open(path, flags | O_CLOEXEC, file_mode);
    if (fd >= 0 && (flags & O_CREAT) != 0 && fchmod(fd, file_mode) < 0) {
      int reason = errno;
      close(fd);
      errno = reason;
      fd = -1;
    }
    result = fd < 0 ? fault(ctx, errno) : JS_NewInt32(ctx, fd);
  }
  JS_FreeCString(ctx, mode);
  JS_FreeCString(ctx, path);
  return result;
}

/* fileRead(fd, offset, out): bytes read, short only at the end. */
static JSValue call_read(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t fd = -1;
  size_t offset = 0;
  Bytes out;
  if (JS_ToInt32(ctx, &fd, argv[0]) < 0 || get_size(ctx, argv[1], offset_max, &offset) < 0 ||
      get_bytes(ctx, argv[2], &out) < 0)
    return JS_EXCEPTION;
  size_t done = 0;
  while (done < out.size) {
    ssize_t got = pread(fd, out.data + done, out.size - done, (off_t)(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fault(ctx, errno);
    if (got == 0) break;
    done += (size_t)got;
  }
  return JS_NewInt64(ctx, (int64_t)done);
}

/* fileWrite(fd, offset, bytes): all of them, or a fault with any part written. */
static JSValue call_write(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t fd = -1;
  size_t offset = 0;
  Bytes bytes;
  if (JS_ToInt32(ctx, &fd, argv[0]) < 0 || get_size(ctx, argv[1], offset_max, &offset) < 0 ||
      get_bytes(ctx, argv[2], &bytes) < 0)
    return JS_EXCEPTION;
  size_t done = 0;
  while (done < bytes.size) {
    ssize_t put = pwrite(fd, bytes.data + done, bytes.size - done, (off_t)(offset + done));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fault(ctx, errno);
    done += (size_t)put;
  }
  return JS_UNDEFINED;
}

static JSValue call_truncate(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t fd = -1;
  size_t size = 0;
  if (JS_ToInt32(ctx, &fd, argv[0]) < 0 || get_size(ctx, argv[1], offset_max, &size) < 0)
    return JS_EXCEPTION;
  return answer(ctx, ftruncate(fd, (off_t)size));
}

static JSValue call_size(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t fd = -1;
  struct stat facts;
  if (JS_ToInt32(ctx, &fd, argv[0]) < 0) return JS_EXCEPTION;
  return fstat(fd, &facts) < 0 ? fault(ctx, errno) : JS_NewInt64(ctx, facts.st_size);
}

static JSValue call_sync(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t fd = -1;
  if (JS_ToInt32(ctx, &fd, argv[0]) < 0) return JS_EXCEPTION;
  return answer(ctx, fdatasync(fd));
}

static JSValue call_close(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t fd = -1;
  if (JS_ToInt32(ctx, &fd, argv[0]) < 0) return JS_EXCEPTION;
  close(fd);
  return JS_UNDEFINED;
}

/* folderList(path, wanted): names of the "file"s or "folder"s in it; a missing one is empty. */
static JSValue call_list(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  const char *wanted = JS_ToCString(ctx, argv[1]);
  int wants_folders = wanted != NULL && strcmp(wanted, "folder") == 0;
  JS_FreeCString(ctx, wanted);
  DIR *folder = wanted == NULL ? NULL : opendir(path);
  int reason = errno;
  JSValue names = wanted == NULL ? JS_EXCEPTION : JS_NewArray(ctx);
  if (folder == NULL && reason != ENOENT && !JS_IsException(names)) {
    JS_FreeValue(ctx, names);
    names = fault(ctx, reason);
  }
  uint32_t count = 0;
  for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
    struct stat facts;
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    if (fstatat(dirfd(folder), name, &facts, 0) < 0) continue;
    if (wants_folders ? !S_ISDIR(facts.st_mode) : !S_ISREG(facts.st_mode)) continue;
    JS_SetPropertyUint32(ctx, names, count++, JS_NewString(ctx, name));
  }
  if (folder != NULL) closedir(folder);
  JS_FreeCString(ctx, path);
  return names;
}

/* pathKind(path): "file", "folder", "other" or "none". */
static JSValue call_kind(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  struct stat facts;
  const char *kind = "none";
  if (stat(path, &facts) == 0)
    kind = S_ISREG(facts.st_mode) ? "file" : S_ISDIR(facts.st_mode) ? "folder" : "other";
  JS_FreeCString(ctx, path);
  return JS_NewString(ctx, kind);
}

static JSValue call_rename(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *from = get_path(ctx, argv[0]);
  if (from == NULL) return JS_EXCEPTION;
  const char *to = get_path(ctx, argv[1]);
  JSValue result = to == NULL ? JS_EXCEPTION : answer(ctx, rename(from, to));
  JS_FreeCString(ctx, from);
  if (to != NULL) JS_FreeCString(ctx, to);
  return result;
}

static JSValue call_remove(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  JSValue result = answer(ctx, unlink(path));
  JS_FreeCString(ctx, path);
  return result;
}

/* folderMake(path): also when it is there already. */
static JSValue call_make(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  int made = mkdir(path, folder_mode);
  if (made == 0) made = chmod(path, folder_mode);
  struct stat facts;
  if (made < 0 && errno == EEXIST && stat(path, &facts) == 0 && S_ISDIR(facts.st_mode)) made = 0;
  JSValue result = answer(ctx, made);
  JS_FreeCString(ctx, path);
  return result;
}

/* folderSync(path): makes the names in it durable. */
static JSValue call_sync_folder(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int result = fd < 0 ? -1 : fsync(fd);
  int reason = errno;
  if (fd >= 0) close(fd);
  errno = reason;
  JSValue told = answer(ctx, result);
  JS_FreeCString(ctx, path);
  return told;
}

static JSValue call_free(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  struct statvfs facts;
  JSValue result = statvfs(path, &facts) < 0
                       ? fault(ctx, errno)
                       : JS_NewFloat64(ctx, (double)facts.f_bavail * (double)facts.f_frsize);
  JS_FreeCString(ctx, path);
  return result;
}

static const HostFunction functions[] = {
    {"fileOpen", 2, call_open},       {"fileRead", 3, call_read},
    {"fileWrite", 3, call_write},     {"fileTruncate", 2, call_truncate},
    {"fileSize", 1, call_size},       {"fileSync", 1, call_sync},
    {"fileClose", 1, call_close},     {"folderList", 2, call_list},
    {"folderMake", 1, call_make},     {"folderSync", 1, call_sync_folder},
    {"folderFreeBytes", 1, call_free}, {"pathKind", 1, call_kind},
    {"pathRename", 2, call_rename},   {"pathRemove", 1, call_remove},
};

void add_files(JSContext *ctx, JSValueConst object) {
  add_functions(ctx, object, functions, sizeof functions / sizeof functions[0]);
}
